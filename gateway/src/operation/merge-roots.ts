type Data = Record<string, unknown>;

/**
 * The answers of several root fetches as one. Where two of them have the same object, the later goes into the earlier,
 * as Apollo's executor does it: it is the earlier into which entities are merged.
 */
export function mergeRoots(answers: readonly Data[]): Data {
  if (answers.length === 1) return answers[0]!;
  const root: Data = {};
  for (const answer of answers) merge(root, answer);
  return root;
}

function merge(target: Data, source: Data): void {
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value === undefined) continue;
    const present = Object.hasOwn(target, key) ? target[key] : undefined;
    if (isObject(present) && isObject(value)) merge(present, value);
    else if (Array.isArray(present) && Array.isArray(value) && present.length === value.length) mergeLists(present, value);
    else target[key] = value;
  }
}

function mergeLists(target: unknown[], source: readonly unknown[]): void {
  source.forEach((value, index) => {
    const present = target[index];
    if (isObject(present) && isObject(value)) merge(present, value);
    else target[index] = value;
  });
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
