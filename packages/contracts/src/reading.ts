/** What a metric's values are: numbers, true/false, or one of a list of words. */
export const METRIC_KINDS = ['NUMBER', 'BOOLEAN', 'TEXT'] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

/** Bits of `reading.flags`, stored with every reading. */
export const ReadingFlag = {
  /** Arrived more than `lateAfter` after it was recorded: stored, counted, raises no alert. */
  LATE: 1,
  /** The device itself doubts the value. */
  SUSPECT: 2,
  /** Sent as history by the device (Sparkplug `is_historical`): stored, but never moves `latest`. */
  HISTORICAL: 4,
} as const;

export type ReadingQuality = 'GOOD' | 'LATE' | 'SUSPECT';

/** SUSPECT outweighs LATE: a doubtful value stays doubtful however late it came. */
export function qualityOf(flags: number): ReadingQuality {
  if (flags & ReadingFlag.SUSPECT) return 'SUSPECT';
  return flags & ReadingFlag.LATE ? 'LATE' : 'GOOD';
}

/**
 * One validated reading, in the profile's unit. Instants are whole microseconds since 1970-01-01 UTC, which a double
 * holds exactly until the year 2255.
 */
export interface RecordedReading {
  metric: string;
  kind: MetricKind;
  /** UCUM code; `1` for words and booleans. */
  unit: string;
  /** By the device's clock. */
  recordedAtUs: number;
  /** Null for TEXT; 1 or 0 for BOOLEAN. */
  value: number | null;
  /** Set for TEXT alone. */
  text: string | null;
  /** `ReadingFlag` bits. */
  flags: number;
}

/** Two values of one series at the same microsecond are one reading; the first wins. */
export function seriesKey(deviceId: string, metric: string): string {
  return `${deviceId}/${metric}`;
}
