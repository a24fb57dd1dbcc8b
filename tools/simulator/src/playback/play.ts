import { setTimeout as delay } from 'node:timers/promises';
import { DeviceConnection } from '../device/device-connection.js';
import { PlatformClient } from '@pulsegraph/platform-client';
import { Provisioner } from '../platform/provision.js';
import type { Recording } from './recording.js';
import type { RecordedRow } from './mapping/index.js';
import type { SentRow } from './verification.js';

export interface PlayOptions {
  recordings: readonly Recording[];
  /** `live`: recorded now, at the file's pace times `speed`. `history`: the file's own spacing, ending now. */
  as: 'live' | 'history';
  speed: number;
  url: string;
  account: { email: string; password: string };
  mqttUrl?: string;
  signal: AbortSignal;
  report: (line: string) => void;
}

/** Raw readings older than this are refused by the platform, so they are not sent. */
const RETENTION_MS = 90 * 86_400_000;
const HISTORY_BATCH_ROWS = 500;

/** @returns What the platform acknowledged, by device key. */
export async function play(options: PlayOptions): Promise<Map<string, SentRow[]>> {
  const { recordings, url, account, report } = options;
  const provisioner = new Provisioner(new PlatformClient(url, account));
  const players: Promise<void>[] = [];
  const sentByDevice = new Map<string, SentRow[]>();
  for (const recording of recordings) {
    const access = await provisioner.provision(recording.device);
    report(`${recording.device.key}: ${recording.rows.length} rows of ${recording.dataSet}, ${options.as}`);
    const onError = (error: Error) => report(`${recording.device.key}: ${error.message}`);
    const connection = await DeviceConnection.open({ ...access, mqttUrl: options.mqttUrl ?? access.mqttUrl }, onError);
    const sent: SentRow[] = [];
    sentByDevice.set(recording.device.key, sent);
    const playing =
      options.as === 'live' ? playLive(recording, connection, options, sent) : playHistory(recording, connection, options, sent);
    players.push(playing.finally(() => connection.close()));
  }
  await Promise.all(players);
  return sentByDevice;
}

/** Each row leaves when its distance from the first row, divided by the speed, has passed. */
async function playLive(
  { device, rows }: Recording,
  connection: DeviceConnection,
  { speed, signal, report }: PlayOptions,
  sent: SentRow[],
): Promise<void> {
  const startedAt = Date.now();
  const firstAt = rows[0]?.atMs ?? 0;
  let lastTs = 0;
  for (const row of rows) {
    const waitMs = startedAt + (row.atMs - firstAt) / speed - Date.now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    // At great speed two rows fall into one millisecond; the second would count as a repetition of the first.
    lastTs = Math.max(Date.now(), lastTs + 1);
    await connection.send({ ts: lastTs, values: row.values });
    sent.push({ ts: lastTs, values: row.values });
  }
  report(`${device.key}: played to its end`);
}

async function playHistory(
  { device, rows }: Recording,
  connection: DeviceConnection,
  { signal, report }: PlayOptions,
  sent: SentRow[],
): Promise<void> {
  const shiftMs = Date.now() - (rows.at(-1)?.atMs ?? 0);
  const oldestMs = Date.now() - RETENTION_MS + 60_000;
  const kept = rows.filter((row) => row.atMs + shiftMs >= oldestMs);
  if (kept.length < rows.length)
    report(`${device.key}: ${rows.length - kept.length} rows lie before raw retention (90 days) and stay behind`);
  for (let index = 0; index < kept.length && !signal.aborted; index += HISTORY_BATCH_ROWS) {
    const batch = kept.slice(index, index + HISTORY_BATCH_ROWS).map((row) => shifted(row, shiftMs));
    await connection.send(batch);
    sent.push(...batch);
  }
  report(`${device.key}: ${kept.length} rows sent`);
}

function shifted(row: RecordedRow, shiftMs: number): SentRow {
  return { ts: row.atMs + shiftMs, values: row.values };
}
