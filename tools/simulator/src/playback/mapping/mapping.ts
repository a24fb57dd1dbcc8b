import type { Values } from '../../device/device-connection.js';
import type { DeviceToProvision } from '../../platform/provision.js';

export interface RecordedRow {
  /** Milliseconds on the recording's own clock; only differences matter. */
  atMs: number;
  values: Values;
}

/** How one published data set becomes a device. */
export interface Mapping {
  name: string;
  delimiter: ',' | ';';
  /** Decided by the header alone: a file may have been renamed. */
  matches(header: readonly string[]): boolean;
  /** @param fileName Without folder and extension; `folderName` is the one it lies in. */
  device(fileName: string, folderName: string): DeviceToProvision;
  /** Null for a row in which nothing was measured. */
  row(record: Readonly<Record<string, string>>): RecordedRow | null;
}

/** Seconds since midnight or a wall clock without a zone: taken as UTC, so that a replay is the same everywhere. */
export function parseWallClockMs(text: string): number {
  return Date.parse(`${text.trim().replace(' ', 'T')}Z`);
}

/** Parts of a key from names that may hold anything. */
export function keyPart(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 40);
}
