import { ReadingFlag, type ReadingsRecord, type RecordedReading, type RejectionReason, type RejectionRecord } from '@pulsegraph/contracts';

/** A record that can never be stored as it is; trying again would stop the stream behind it. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
  constructor(
    message: string,
    readonly reason: RejectionReason = 'MALFORMED',
  ) {
    super(message);
  }
}

const YEAR_2200_US = Date.UTC(2200, 0) * 1000;
// Squares of these must stay within a double: Postgres refuses to compute what overflows, or vanishes, and then nobody could
// read the series. It is also what uninitialised memory looks like.
const SMALLEST = 1e-100;
const LARGEST = 1e100;
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

/** Throws PoisonError for a reading that the tables cannot hold. */
export function checkStorable({ recordedAtUs, value, text, kind, flags }: RecordedReading): void {
  // Negated, so that NaN falls out too.
  if (!(recordedAtUs >= 0 && recordedAtUs < YEAR_2200_US)) throw new PoisonError('its instant lies outside 1970 to 2200');
  if (kind === 'TEXT' ? typeof text !== 'string' : typeof value !== 'number') throw new PoisonError('it has no value of its kind');
  if (value !== null && value !== 0) {
    const magnitude = Math.abs(value);
    if (!(magnitude >= SMALLEST && magnitude <= LARGEST)) throw new PoisonError('no quantity is that large or that small', 'IMPLAUSIBLE');
  }
  if (text?.includes('\0')) throw new PoisonError('its text contains a NUL character');
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new PoisonError('it carries flags that do not exist');
}

export function rejectionOf(record: ReadingsRecord, error: Error): RejectionRecord {
  const { organizationId, deviceKey, deviceId, receivedAtUs, readings } = record;
  return {
    type: 'rejection',
    organizationId,
    source: 'writer',
    topic: null,
    deviceKey,
    deviceId,
    reason: error instanceof PoisonError ? error.reason : 'MALFORMED',
    detail: `The reading could not be stored: ${error.message}.`,
    // In our own dialect's form, so that it can be replayed.
    payload: JSON.stringify(
      readings.map(({ metric, unit, recordedAtUs, value, text }) => ({
        metric,
        unit,
        t0: recordedAtUs / 1000,
        dt: [0],
        v: [text ?? value],
      })),
    ),
    encoding: 'UTF8',
    receivedAtUs,
  };
}
