import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { rounded } from '../measure/statistics.js';
import { unixMs } from './recording.js';
import { SensorGroup } from './sensor-group.js';

/** The leaderboard trains on the first 400 rows of each file and judges the others. */
const TRAINING_ROWS = 400;

/** From the benchmark's README: F1, false and missed alarm rate in percent, best first. */
const PUBLISHED: readonly (readonly [name: string, f1: number, far: number, mar: number])[] = [
  ['Conv-AE', 0.78, 13.55, 28.02],
  ['MSET', 0.78, 39.73, 14.13],
  ['T-squared+Q (PCA-based)', 0.76, 26.62, 24.92],
  ['LSTM-AE', 0.74, 29.96, 25.92],
  ['T-squared', 0.66, 19.21, 42.6],
  ['LSTM-VAE', 0.56, 9.13, 55.03],
  ['Vanilla LSTM', 0.54, 12.54, 59.53],
  ['Vanilla AE', 0.39, 2.59, 75.15],
  ['MSCRED', 0.36, 49.94, 69.88],
  ['Isolation forest', 0.29, 2.56, 82.89],
];

interface Counts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
}

/** Every row a yes or no, over all labelled files together, beside the leaderboard. */
export function runSkab(folder: string): object {
  const files = csvFiles(folder).filter((path) => basename(dirname(path)) !== 'anomaly-free');
  const ours = noCounts();
  const everyRow = noCounts();
  const always = noCounts();
  for (const path of files) {
    const rig = read(path);
    if (!rig) continue;
    const group = new SensorGroup(rig.sensors.length);
    rig.atMs.forEach((atMs, row) => {
      const predicted = group.next(atMs, rig.readings[row]!);
      const actual = rig.anomalous[row]!;
      count(everyRow, predicted, actual);
      if (row < TRAINING_ROWS) return;
      count(ours, predicted, actual);
      count(always, true, actual);
    });
  }
  const result = { ours: rates(ours), oursOverEveryRow: rates(everyRow), alwaysAnomalous: rates(always) };
  console.log(`\nSKAB, ${files.length} files         F1    FAR %   MAR %`);
  for (const [name, { f1, falseAlarmPct, missedAlarmPct }] of Object.entries(result)) print(name, f1, falseAlarmPct, missedAlarmPct);
  for (const row of PUBLISHED) print(...row);
  return { files: files.length, ...result, published: PUBLISHED };
}

function print(name: string, f1: number, falseAlarmPct: number, missedAlarmPct: number): void {
  console.log(`${name.padEnd(26)}${f1.toFixed(3)}${falseAlarmPct.toFixed(2).padStart(8)}${missedAlarmPct.toFixed(2).padStart(8)}`);
}

const noCounts = (): Counts => ({ truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 });

function count(counts: Counts, predicted: boolean, actual: boolean): void {
  if (predicted) counts[actual ? 'truePositives' : 'falsePositives'] += 1;
  else counts[actual ? 'falseNegatives' : 'trueNegatives'] += 1;
}

function rates({ truePositives, falsePositives, falseNegatives, trueNegatives }: Counts) {
  return {
    f1: rounded((2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives), 3),
    falseAlarmPct: rounded((100 * falsePositives) / (falsePositives + trueNegatives)),
    missedAlarmPct: rounded((100 * falseNegatives) / (falseNegatives + truePositives)),
  };
}

function csvFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.csv') && statSync(path).isFile())
    .sort();
}

function read(path: string) {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const columns = header.split(';');
  const label = columns.indexOf('anomaly');
  if (columns[0] !== 'datetime' || label < 0) return null;
  const rows = lines.map((line) => line.split(';'));
  const sensors = columns.slice(1).filter((column) => column !== 'anomaly' && column !== 'changepoint');
  return {
    sensors,
    atMs: rows.map(([datetime = '']) => unixMs(datetime)),
    readings: rows.map((row) => sensors.map((sensor) => Number(row[columns.indexOf(sensor)]))),
    anomalous: rows.map((row) => Number(row[label]) === 1),
  };
}
