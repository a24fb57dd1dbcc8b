import type { CopiedRow } from '../wire/copy-out.js';
import { POSTGRES_EPOCH_US } from '../wire/binary-writer.js';
import { SILENT_FLAGS, type HistorySpan } from './history.sql.js';

const HALF_HOUR_US = 1_800_000_000;
const TWO_32 = 4_294_967_296;
const LENGTH_AT = 12;
const FIRST_AT = 20;

/** Readings of one series, oldest first, within an hour. */
export interface HourRun {
  seriesId: number;
  hourUs: number;
  at: Float64Array;
  values: Float64Array;
  /** Null for numbers. */
  words: string[] | null;
}

/** A row of `copyHistory`, without what lies outside of the span or is flagged as raising no alerts. */
export function hourRunOf(row: CopiedRow, { fromUs, toUs, isText }: HistorySpan): HourRun {
  const [id, hour, offsets, instants, values, flags, text] = row;
  const hourUs = instantUs(viewOf(hour!), 0);
  const run: HourRun = {
    seriesId: int8(viewOf(id!), 0),
    hourUs,
    at: offsets ? int4Array(offsets, hourUs + HALF_HOUR_US) : instantArray(instants!),
    values: isText ? new Float64Array(0) : float8Array(values!),
    words: isText ? textArray(text!) : null,
  };
  // Rows that are no chunk were cut in SQL.
  return offsets ? without(run, flags ? int2Array(flags) : null, fromUs, toUs) : run;
}

/** Runs of one hour in one: what was packed, what came since, and what was sent in another unit. */
export function mergeRuns(runs: readonly HourRun[]): { run: HourRun; index: number }[] {
  return runs
    .flatMap((run) => Array.from(run.at, (_, index) => ({ run, index })))
    .sort((a, b) => a.run.at[a.index]! - b.run.at[b.index]! || a.run.seriesId - b.run.seriesId);
}

function without(run: HourRun, flags: Int16Array | null, fromUs: number, toUs: number): HourRun {
  const { at, values, words } = run;
  const keeps = (index: number) => at[index]! >= fromUs && at[index]! < toUs && (!flags || (flags[index]! & SILENT_FLAGS) === 0);
  const isWhole = at.length === 0 || (!flags && at[0]! >= fromUs && at[at.length - 1]! < toUs);
  if (isWhole) return run;
  const kept = Array.from(at.keys()).filter(keeps);
  return {
    ...run,
    at: Float64Array.from(kept, (index) => at[index]!),
    values: words ? values : Float64Array.from(kept, (index) => values[index]!),
    words: words && kept.map((index) => words[index]!),
  };
}

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const int8 = (view: DataView, at: number) => view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
const instantUs = (view: DataView, at: number) => int8(view, at) + POSTGRES_EPOCH_US;
/** Elements of a one-dimensional array; an empty one has no dimension. */
const lengthOf = (bytes: Buffer) => (bytes.readInt32BE(0) === 0 ? 0 : bytes.readInt32BE(LENGTH_AT));

// A loop each, not one with a callback: ten million calls are a second.
function float8Array(bytes: Buffer): Float64Array {
  const view = viewOf(bytes);
  const values = new Float64Array(lengthOf(bytes));
  for (let index = 0, at = FIRST_AT + 4; index < values.length; index++, at += 12) values[index] = view.getFloat64(at);
  return values;
}

function instantArray(bytes: Buffer): Float64Array {
  const view = viewOf(bytes);
  const values = new Float64Array(lengthOf(bytes));
  for (let index = 0, at = FIRST_AT + 4; index < values.length; index++, at += 12) {
    values[index] = view.getInt32(at) * TWO_32 + view.getUint32(at + 4) + POSTGRES_EPOCH_US;
  }
  return values;
}

function int4Array(bytes: Buffer, origin: number): Float64Array {
  const view = viewOf(bytes);
  const values = new Float64Array(lengthOf(bytes));
  for (let index = 0, at = FIRST_AT + 4; index < values.length; index++, at += 8) values[index] = origin + view.getInt32(at);
  return values;
}

function int2Array(bytes: Buffer): Int16Array {
  const values = new Int16Array(lengthOf(bytes));
  for (let index = 0, at = FIRST_AT + 4; index < values.length; index++, at += 6) values[index] = bytes.readInt16BE(at);
  return values;
}

function textArray(bytes: Buffer): string[] {
  const words: string[] = [];
  for (let index = 0, at = FIRST_AT; index < lengthOf(bytes); index++) {
    const length = bytes.readInt32BE(at);
    words.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return words;
}
