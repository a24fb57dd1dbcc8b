const PER_MINUTE = 3;
const MINUTE_MS = 60_000;
const COMES: ReadonlySet<string> = new Set(['RAISED', 'REPEATED', 'REOPENED']);

/** Came and went at least three times within a minute (ISA-18.2): the rule needs a margin or a delay, not an operator. */
export function isChattering(history: readonly { at: string; transition: string }[]): boolean {
  const comes = history.filter(({ transition }) => COMES.has(transition)).map(({ at }) => Date.parse(at));
  return comes.some((at, i) => i >= PER_MINUTE - 1 && at - comes[i - PER_MINUTE + 1]! <= MINUTE_MS);
}
