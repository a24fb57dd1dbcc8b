import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { unixMs, type Recording } from './recording.js';

/** First and last row, both inside. */
export type AnomalyWindow = readonly [first: number, last: number];

export type WindowsByKey = ReadonlyMap<string, readonly AnomalyWindow[]>;

/** Labels lie in the folder itself, beside it, or one above. @returns null where there are none. */
export function readWindows(folder: string, recordings: readonly Recording[]): WindowsByKey | null {
  const above = [resolve(folder), dirname(resolve(folder)), dirname(dirname(resolve(folder)))];
  const path = above.map((each) => join(each, 'labels', 'combined_windows.json')).find((each) => existsSync(each));
  if (!path) return null;
  const labelled = JSON.parse(readFileSync(path, 'utf8')) as Record<string, [string, string][]>;
  const windows = new Map<string, AnomalyWindow[]>();
  for (const recording of recordings) {
    const spans = labelled[recording.key];
    if (spans)
      windows.set(
        recording.key,
        spans.map(([start, end]) => rowsOf(recording, unixMs(start), unixMs(end))),
      );
  }
  return windows;
}

function rowsOf({ key, atMs }: Recording, startMs: number, endMs: number): AnomalyWindow {
  const first = atMs.findIndex((each) => each >= startMs);
  const last = atMs.findLastIndex((each) => each <= endMs);
  if (first < 0 || last < first) throw new Error(`A labelled window of ${key} covers no row.`);
  return [first, last];
}
