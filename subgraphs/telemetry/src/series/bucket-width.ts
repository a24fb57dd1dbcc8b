const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Widths that people read easily; each is a multiple of the table it is read from. */
const WIDTHS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 20, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 3, 7, 14, 28].map((days) => days * DAY_MS),
];

/**
 * The narrowest width with which the span has at most `maxPoints` buckets. Buckets begin at multiples of their width since
 * 1970, so that two requests for neighbouring spans agree on them.
 * @param fromMs,toMs Milliseconds since 1970, to exclusive. @param atLeastMs What the data's age still allows.
 */
export function bucketWidthMs(fromMs: number, toMs: number, maxPoints: number, atLeastMs = 0): number {
  const fits = (widthMs: number) => Math.floor((toMs - 1) / widthMs) - Math.floor(fromMs / widthMs) + 1 <= maxPoints;
  const nice = WIDTHS_MS.find((widthMs) => widthMs >= atLeastMs && fits(widthMs));
  if (nice !== undefined) return nice;
  let widthMs = WIDTHS_MS.at(-1)!;
  while (!fits(widthMs)) widthMs *= 2;
  return widthMs;
}
