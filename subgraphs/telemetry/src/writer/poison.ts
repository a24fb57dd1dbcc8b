import { ReadingFlag, type ReadingsRecord, type RecordedReading, type RejectionRecord } from '@pulsegraph/contracts';

/** A record that can never be stored as it is; trying again would stop the stream behind it. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
}

const YEAR_2200_US = Date.UTC(2200, 0) * 1000;
const KNOWN_FLAGS = ReadingFlag.LATE | ReadingFlag.SUSPECT | ReadingFlag.HISTORICAL;

/**
 * True for faults that come from the data: class 22 (data exception) and 23 (integrity). Everything else, such as a lost
 * connection, a full disk, a missing right, is ours, and no reason to give up a reading.
 */
export function isPoison(error: unknown): error is Error {
  if (error instanceof PoisonError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^2[23]/.test(code) && code !== '23505';
}

/** Why the row format cannot hold this reading; null when it can. */
export function faultOf({ recordedAtUs, value, text, kind, flags }: RecordedReading): string | null {
  // Negated, so that NaN falls out too.
  if (!(recordedAtUs >= 0 && recordedAtUs < YEAR_2200_US)) return 'its instant lies outside 1970 to 2200';
  if (kind === 'TEXT' ? typeof text !== 'string' : typeof value !== 'number') return 'it has no value of its kind';
  if (text?.includes('\0')) return 'its text contains a NUL character';
  return (flags & ~KNOWN_FLAGS) === 0 ? null : 'it carries flags that do not exist';
}

export function rejectionOf(record: ReadingsRecord, readings: unknown, detail: string): RejectionRecord {
  const { organizationId, deviceKey, deviceId, receivedAtUs } = record;
  return {
    type: 'rejection',
    organizationId,
    source: 'writer',
    topic: null,
    deviceKey,
    deviceId,
    reason: 'MALFORMED',
    detail,
    payload: JSON.stringify(readings),
    encoding: 'UTF8',
    receivedAtUs,
  };
}
