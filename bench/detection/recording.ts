import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** One CSV file `timestamp,value`. The texts are kept, so that what is written is what was read. */
export interface Recording {
  /** `category/file.csv`, where the category is the folder of the file. */
  key: string;
  category: string;
  file: string;
  timestamps: string[];
  values: string[];
  atMs: number[];
}

/** Every recording below the folder, in the order of their keys; other CSV files are named and left out. */
export function readRecordings(folder: string, without: string): Recording[] {
  const found: Recording[] = [];
  const skip = resolve(without);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !entry.name.endsWith('.csv') || `${resolve(path)}/`.startsWith(`${skip}/`)) continue;
    const recording = parse(path);
    if (recording) found.push(recording);
    else console.log(`Left out, not timestamp,value: ${path}`);
  }
  const keys = found.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice) throw new Error(`Two recordings would be written to the same file: ${twice}.`);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function parse(path: string): Recording | null {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  if (!/^\uFEFF?"?timestamp"?,"?value"?\s*$/i.test(header)) return null;
  const rows = lines.map((line) => line.split(','));
  const category = basename(dirname(resolve(path)));
  const timestamps = rows.map(([timestamp = '']) => timestamp);
  const values = rows.map(([, value = '']) => value);
  return { key: `${category}/${basename(path)}`, category, file: basename(path), timestamps, values, atMs: timestamps.map(unixMs) };
}

/** Time without a zone is UTC. NaN if it is no time. */
export function unixMs(timestamp: string): number {
  const text = timestamp.trim().replace(/^"|"$/g, '').replace(' ', 'T');
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}
