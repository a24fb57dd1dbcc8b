/**
 * Stored readings in bulk, from telemetry to whoever evaluates them: `POST /internal/reading-history` with a
 * `ReadingHistoryRequest` and the service token; the answer is a stream of frames, columns instead of rows, so that ten
 * million readings cost no parsing. Readings flagged LATE or HISTORICAL are not among them: they raise no alerts.
 */
export const READING_HISTORY_PATH = '/internal/reading-history';

export interface ReadingHistoryRequest {
  organizationId: string;
  series: { deviceId: string; metric: string }[];
  /** recordedAt, microseconds since 1970: from inclusive, to exclusive. */
  fromUs: number;
  toUs: number;
}

/**
 * Consecutive readings of one series, oldest first. All frames of a series come one after the other, and series in the order
 * of the request; one without readings has none.
 */
export type ReadingFrame = {
  /** Index in the request's `series`. */
  series: number;
  /** UCUM; frames of one series may differ, where its profile has changed. */
  unit: string;
  recordedAtUs: Float64Array;
} & ({ values: Float64Array; words: null } | { values: null; words: string[] });

const MAGIC = 0x50475246; // "PGRF"
/** Magic, series, count, bytes of unit, bytes of words (0: numbers follow), reserved. A multiple of 8, so that columns are aligned. */
const HEADER_BYTES = 24;
const aligned = (bytes: number) => (bytes + 7) & ~7;

export function encodeReadingFrame(frame: ReadingFrame): Uint8Array {
  const encoder = new TextEncoder();
  const unit = encoder.encode(frame.unit);
  const words = frame.words && encoder.encode(JSON.stringify(frame.words));
  const count = frame.recordedAtUs.length;
  const bytes = new Uint8Array(HEADER_BYTES + aligned(unit.length) + count * 8 + (words ? aligned(words.length) : count * 8));
  const header = new DataView(bytes.buffer);
  [MAGIC, frame.series, count, unit.length, words?.length ?? 0].forEach((part, index) => header.setUint32(index * 4, part, true));
  bytes.set(unit, HEADER_BYTES);
  const columns = HEADER_BYTES + aligned(unit.length);
  new Float64Array(bytes.buffer, columns, count).set(frame.recordedAtUs);
  if (words) bytes.set(words, columns + count * 8);
  else if (frame.values) new Float64Array(bytes.buffer, columns + count * 8, count).set(frame.values);
  return bytes;
}

/** Frames out of a stream that is cut anywhere. @throws Error for a stream that is none, or that ends within a frame. */
export async function* decodeReadingFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadingFrame, void, undefined> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of chunks) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    while (pendingBytes >= wanted) {
      const joined = pending.length === 1 ? pending[0]! : join(pending, pendingBytes);
      pending = [joined];
      wanted = frameBytes(joined);
      if (joined.length < wanted) break;
      // A copy, and not `slice`, which for a Node buffer is none.
      yield decodeFrame(new Uint8Array(joined.subarray(0, wanted)));
      pending = [joined.subarray(wanted)];
      pendingBytes = joined.length - wanted;
      wanted = HEADER_BYTES;
    }
  }
  if (pendingBytes > 0) throw new Error('The stream of readings ended within a frame.');
}

function frameBytes(bytes: Uint8Array): number {
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (header.getUint32(0, true) !== MAGIC) throw new Error('This is no stream of readings.');
  const [count, unitBytes, wordBytes] = [8, 12, 16].map((offset) => header.getUint32(offset, true)) as [number, number, number];
  return HEADER_BYTES + aligned(unitBytes) + count * 8 + (wordBytes > 0 ? aligned(wordBytes) : count * 8);
}

/** @param bytes A frame in a buffer of its own, so that its columns are aligned. */
function decodeFrame(bytes: Uint8Array): ReadingFrame {
  const header = new DataView(bytes.buffer);
  const [series, count, unitBytes, wordBytes] = [4, 8, 12, 16].map((offset) => header.getUint32(offset, true)) as [
    number,
    number,
    number,
    number,
  ];
  const text = (from: number, length: number) => new TextDecoder().decode(bytes.subarray(from, from + length));
  const unit = text(HEADER_BYTES, unitBytes);
  const columns = HEADER_BYTES + aligned(unitBytes);
  const recordedAtUs = new Float64Array(bytes.buffer, columns, count);
  if (wordBytes > 0) {
    return { series, unit, recordedAtUs, values: null, words: JSON.parse(text(columns + count * 8, wordBytes)) as string[] };
  }
  return { series, unit, recordedAtUs, values: new Float64Array(bytes.buffer, columns + count * 8, count), words: null };
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
