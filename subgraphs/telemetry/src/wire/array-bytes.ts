import { POSTGRES_EPOCH_US } from './binary-writer.js';

// node-pg reads every value as text, so arrays travel as the bytes of array_send(): a column of 3,600 numbers takes a tenth
// of the time of 3,600 rows, and keeps every digit.
const LENGTH_AT = 12;
const FIRST_AT = 24;
const ELEMENT_BYTES = 12;

function elements(bytes: Buffer, read: (view: DataView, at: number) => number): number[] {
  if (bytes.readInt32BE(0) === 0) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Array<number>(view.getInt32(LENGTH_AT));
  for (let index = 0, at = FIRST_AT; index < values.length; index++, at += ELEMENT_BYTES) values[index] = read(view, at);
  return values;
}

const float8 = (view: DataView, at: number) => view.getFloat64(at);
const instantMs = (view: DataView, at: number) => (view.getInt32(at) * 4_294_967_296 + view.getUint32(at + 4) + POSTGRES_EPOCH_US) / 1000;

/** @param bytes `array_send` of a float8[] without nulls. */
export const float8Array = (bytes: Buffer): number[] => elements(bytes, float8);

/** @param bytes `array_send` of a timestamptz[] without nulls. @returns Milliseconds since 1970, microseconds as the fraction. */
export const instantArray = (bytes: Buffer): number[] => elements(bytes, instantMs);
