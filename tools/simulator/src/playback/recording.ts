import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { DeviceToProvision } from '../platform/provision.js';
import { MAPPINGS, type RecordedRow } from './mapping/index.js';

export interface Recording {
  path: string;
  dataSet: string;
  device: DeviceToProvision;
  /** In the file's order, which is the order in time. */
  rows: RecordedRow[];
}

/** Every recording in a file or below a folder, in natural order of names. Files of no known set are named in `unknown`. */
export async function readRecordings(path: string): Promise<{ recordings: Recording[]; unknown: string[] }> {
  const recordings: Recording[] = [];
  const unknown: string[] = [];
  for (const file of await filesAt(resolve(path))) {
    const recording = await readRecording(file);
    if (recording) recordings.push(recording);
    else unknown.push(file);
  }
  return { recordings, unknown };
}

async function filesAt(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(csv|txt)$/.test(entry.name) && !/^(readme|licen[cs]e)/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort(new Intl.Collator('en', { numeric: true }).compare);
}

async function readRecording(path: string): Promise<Recording | null> {
  const text = await readFile(path, 'utf8');
  const firstLine = text.slice(0, text.indexOf('\n')).trim();
  for (const mapping of MAPPINGS) {
    const header = firstLine.split(mapping.delimiter).map((cell) => cell.replaceAll('"', ''));
    if (!mapping.matches(header)) continue;
    const records = parse(text, { delimiter: mapping.delimiter, from_line: 2, relax_column_count: true, skip_empty_lines: true });
    const rows = records.map((cells) => mapping.row(asRecord(header, cells))).filter((row) => row !== null);
    rows.sort((a, b) => a.atMs - b.atMs);
    const device = mapping.device(basename(path, extname(path)), basename(dirname(path)));
    return { path, dataSet: mapping.name, device, rows };
  }
  return null;
}

/** A row with one cell more than the header begins with a row number. */
function asRecord(header: readonly string[], cells: readonly string[]): Record<string, string> {
  const surplus = Math.max(0, cells.length - header.length);
  return Object.fromEntries(header.map((column, index) => [column, cells[index + surplus] ?? '']));
}
