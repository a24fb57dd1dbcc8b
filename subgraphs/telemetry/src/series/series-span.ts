import { bucketWidthMs } from './bucket-width.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const ceilTo = (ms: number, unitMs: number) => Math.ceil(ms / unitMs) * unitMs;
const floorTo = (ms: number, unitMs: number) => Math.floor(ms / unitMs) * unitMs;

/** Which tables reach how far. Milliseconds since 1970. */
export interface Coverage {
  /** Rollups hold every reading before this. */
  rolledUpToMs: number;
  /** Readings and minutes before these were dropped. */
  rawFromMs: number;
  minuteFromMs: number;
}

/** How a span is read: raw readings between cuts 0–1 and 4–5, minutes between 1–2 and 3–4, hours between 2–3. */
export interface SpanPlan {
  cutsMs: [number, number, number, number, number, number];
  widthMs: number;
  /** Whether few enough readings may be given as they are. */
  tryRaw: boolean;
}

/** @param widthMs Given when several spans must fall into the same buckets. */
export function planSpan(fromMs: number, toMs: number, maxPoints: number, coverage: Coverage, widthMs?: number): SpanPlan {
  const oldestAllows = fromMs < coverage.minuteFromMs ? HOUR_MS : fromMs < coverage.rawFromMs ? MINUTE_MS : 0;
  const width = widthMs ?? bucketWidthMs(fromMs, toMs, maxPoints, oldestAllows);
  const rolledToMs = Math.max(fromMs, Math.min(toMs, coverage.rolledUpToMs));

  let [minutesFrom, minutesTo] = [fromMs, fromMs];
  if (width >= MINUTE_MS) {
    // What lies before the oldest readings can only be read by whole minutes.
    minutesFrom = fromMs < coverage.rawFromMs ? floorTo(fromMs, MINUTE_MS) : ceilTo(fromMs, MINUTE_MS);
    minutesTo = Math.max(minutesFrom, floorTo(rolledToMs, MINUTE_MS));
    if (minutesFrom > toMs) minutesFrom = minutesTo = toMs;
  }
  let [hoursFrom, hoursTo] = [minutesFrom, minutesFrom];
  if (width >= HOUR_MS) {
    hoursFrom = fromMs < coverage.minuteFromMs ? floorTo(minutesFrom, HOUR_MS) : ceilTo(minutesFrom, HOUR_MS);
    hoursTo = Math.max(hoursFrom, floorTo(minutesTo, HOUR_MS));
    if (hoursFrom > minutesTo) hoursFrom = hoursTo = minutesTo;
    if (fromMs < coverage.minuteFromMs) minutesFrom = hoursFrom;
  }
  const start = Math.min(fromMs, minutesFrom);
  return {
    cutsMs: [start, minutesFrom, hoursFrom, hoursTo, minutesTo, toMs],
    widthMs: width,
    tryRaw: oldestAllows === 0 && widthMs === undefined,
  };
}
