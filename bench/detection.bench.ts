import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ANOMALY_ALARM_SCORE, createAnomalyDetector, type AnomalySensitivity } from '@pulsegraph/alerts';
import { readWindows } from './detection/nab-labels.js';
import { PROFILES, scoreAt, scoreLeavingOut, scoreSwept, type Outcome, type Scored } from './detection/nab-score.js';
import { readRecordings, type Recording } from './detection/recording.js';
import { runSkab } from './detection/skab.js';
import { median, quantile, rounded } from './measure/statistics.js';

const SENSITIVITIES: readonly AnomalySensitivity[] = ['LOW', 'MEDIUM', 'HIGH'];
const USAGE = 'npm run bench -- detection --data FOLDER --out FOLDER, or --skab FOLDER, or both.';

/** The anomaly detector over recordings: a score for each row, and what it is worth where there are labels. */
export function benchDetection(args: string[]): Promise<object> {
  const { values } = parseArgs({ args, options: { data: { type: 'string' }, out: { type: 'string' }, skab: { type: 'string' } } });
  if (Boolean(values.data) !== Boolean(values.out) || !(values.data ?? values.skab)) throw new Error(USAGE);
  const result: Record<string, unknown> = {};
  if (values.data && values.out) Object.assign(result, runRecordings(fromCaller(values.data), fromCaller(values.out)));
  if (values.skab) result['skab'] = runSkab(fromCaller(values.skab));
  return Promise.resolve(result);
}

/** npm runs in the root of the repository; people name folders from where they are. */
const fromCaller = (path: string) => resolve(process.env['INIT_CWD'] ?? '.', path);

function runRecordings(folder: string, out: string): object {
  const recordings = readRecordings(folder, out);
  if (recordings.length === 0) throw new Error(`No CSV file timestamp,value below ${folder}.`);
  const usPerRow: number[] = [];
  const scoresOf = (recording: Recording, sensitivity: AnomalySensitivity) => {
    const started = performance.now();
    const scores = scoresByRow(recording, sensitivity);
    usPerRow.push(((performance.now() - started) * 1_000) / scores.length);
    return scores;
  };
  const bySensitivity = Object.fromEntries(
    SENSITIVITIES.map((sensitivity) => [sensitivity, recordings.map((recording) => scoresOf(recording, sensitivity))]),
  ) as Record<AnomalySensitivity, Float64Array[]>;
  recordings.forEach((recording, index) => write(out, recording, bySensitivity.MEDIUM[index]!));

  const rows = recordings.reduce((sum, { values }) => sum + values.length, 0);
  const time = { medianUsPerRow: rounded(median(usPerRow)), p90UsPerRow: rounded(quantile(usPerRow, 0.9)) };
  console.log(`${recordings.length} files, ${rows} rows scored into ${out}; median ${time.medianUsPerRow} µs per row`);
  const windows = readWindows(folder, recordings);
  if (!windows) return { files: recordings.length, rows, ...time };
  const labelled = (sensitivity: AnomalySensitivity) =>
    recordings.flatMap(({ key, category }, index) => {
      const found = windows.get(key);
      return found ? [{ key, category, scores: bySensitivity[sensitivity][index]!, windows: found }] : [];
    });
  return { files: recordings.length, rows, ...time, nab: reportNab(labelled) };
}

/** Nothing but the rows so far ever reaches the detector. */
function scoresByRow({ atMs, values }: Recording, sensitivity: AnomalySensitivity): Float64Array {
  const detector = createAnomalyDetector({ sensitivity });
  return Float64Array.from(values, (value, row) => detector.score(atMs[row]!, value.trim() === '' ? NaN : Number(value)));
}

function write(out: string, { category, file, timestamps, values }: Recording, scores: Float64Array): void {
  mkdirSync(join(out, category), { recursive: true });
  const lines = timestamps.map((timestamp, row) => `${timestamp},${values[row]},${scores[row]}`);
  writeFileSync(join(out, category, `pulsegraph_${file}`), `timestamp,value,anomaly_score\n${lines.join('\n')}\n`);
}

function reportNab(labelled: (sensitivity: AnomalySensitivity) => Scored[]): object {
  const profiles = Object.entries(PROFILES);
  const each = (score: (profile: (typeof profiles)[number][1]) => Outcome) =>
    Object.fromEntries(profiles.map(([name, profile]) => [name, score(profile)]));
  const report: Record<string, Record<string, Outcome>> = {};
  for (const sensitivity of SENSITIVITIES) {
    const recordings = labelled(sensitivity);
    report[`${sensitivity}, fixed threshold`] = each((profile) => scoreAt(recordings, profile, ANOMALY_ALARM_SCORE));
    report[`${sensitivity}, swept`] = each((profile) => scoreSwept(recordings, profile));
  }
  console.log(`\nNAB                       ${profiles.map(([name]) => name).join(' / ')}; windows found and false alarms in standard`);
  for (const [name, outcomes] of Object.entries(report)) {
    const { standard } = outcomes as Record<keyof typeof PROFILES, Outcome>;
    const scores = profiles.map(([profile]) => outcomes[profile]!.score.toFixed(2)).join(' / ');
    console.log(
      `${name.padEnd(26)}${scores}   ${standard.found} of ${standard.windows}, ${standard.falseAlarms}, at ${rounded(standard.threshold, 4)}`,
    );
  }
  const medium = labelled('MEDIUM');
  const leavingOut = scoreLeavingOut(medium, PROFILES.standard);
  console.log(`Threshold chosen without the category it is applied to: ${leavingOut.score.toFixed(2)} (standard)`);
  const perFile = medium.map((recording) => {
    const { found, windows, falseAlarms } = scoreAt([recording], PROFILES.standard, ANOMALY_ALARM_SCORE);
    return { file: recording.key, found, windows, falseAlarms };
  });
  return { report, leavingOut, perFile };
}
