import { isDeepStrictEqual } from 'node:util';

export type Verdict = 'pass' | 'fail' | 'unsupported';

/** The gateway did something else than the case asks for. The message is the evidence. */
export class Fail extends Error {
  override readonly name = 'Fail';
}

/** The gateway shows no sign of a feature that no specification asks for. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

const LONGEST = 400;

export function show(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** @throws Fail with both values. Key order does not matter. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(plain(actual), plain(expected))) throw new Fail(`${what}: got ${show(actual)}, expected ${show(expected)}`);
}

/** @throws Fail */
export function check(condition: boolean, evidence: string | (() => string)): asserts condition {
  if (!condition) throw new Fail(typeof evidence === 'string' ? evidence : evidence());
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
