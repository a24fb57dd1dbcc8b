/** A line for each place where two values differ; the order of keys is none. */
export function differencesOf(before: object, after: object): string[] {
  const was = leavesOf(before);
  const is = leavesOf(after);
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((path) => was.get(path) !== is.get(path))
    .map((path) => `${path}: ${was.get(path) ?? 'not set'} → ${is.get(path) ?? 'not set'}`);
}

function leavesOf(value: unknown, path = '', leaves = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return leaves;
  const parts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (parts.length === 0) return leaves.set(path, JSON.stringify(value));
  // Quoted where it holds a dot: {"a.b": 1} is not {a: {b: 1}}.
  for (const [key, part] of parts) leavesOf(part, `${path && `${path}.`}${/^\w+$/.test(key) ? key : JSON.stringify(key)}`, leaves);
  return leaves;
}
