import { ReadingFlag, type RecordedReading, type StoredBatch } from '@pulsegraph/contracts';
import { encodeStoredReadings } from '../live/stored-batch-codec.js';
import { MinuteMap } from '../rollup/minutes.js';
import type { BatchRows } from './batch-rows.js';
import type { WriterSeries } from './series-directory.js';

/** Place in commit order from which the batch goes on. */
export interface CommitOrder {
  readonly group: number;
  readonly seq: number;
  /** Last batch of an organization in this group, 0 for none. */
  previousSeq(organizationId: string): number;
  /** Start of a minute: earlier ones are added to the rollups within the batch. */
  readonly rolledUpToUs: number;
}

export interface OrganizationEffects {
  organizationId: string;
  accepted: number;
  duplicates: number;
  /** Null when nothing was new. */
  batch: StoredBatch | null;
  payload: Buffer | null;
}

export interface BatchEffects {
  organizations: OrganizationEffects[];
  /** Rows whose reading becomes its series' latest, at most one per series. */
  latestRows: number[];
  late: MinuteMap | null;
  /** Of the first batch of this commit, and of the last. */
  firstSeq: number;
  lastSeq: number;
}

/**
 * What follows from the rows that are really new. Computed while COPY runs, on the assumption that all are; once more when
 * that was wrong.
 * @param isNew By row; null when all are.
 */
export function effectsOf(rows: BatchRows, isNew: Uint8Array | null, order: CommitOrder, committedAtUs: number): BatchEffects {
  const organizations = new Map<string, OrganizationEffects>();
  const effectsFor = (organizationId: string) => {
    let effects = organizations.get(organizationId);
    if (!effects) {
      effects = { organizationId, accepted: 0, duplicates: rows.duplicates.get(organizationId) ?? 0, batch: null, payload: null };
      organizations.set(organizationId, effects);
    }
    return effects;
  };
  const { late, latest } = followRows(rows, isNew, order.rolledUpToUs);

  let row = 0;
  for (let index = 0; index < rows.records.length; index++) {
    const record = rows.records[index]!;
    const effects = effectsFor(record.organizationId);
    const start = row;
    while (row < rows.recordOf.length && rows.recordOf[row] === index) row++;
    const readings = newReadings(rows, start, row, isNew, record.readings);
    effects.duplicates += row - start - readings.length;
    if (readings.length === 0) continue;
    effects.accepted += readings.length;
    effects.batch ??= { group: order.group, seq: 0, previousSeq: 0, committedAtUs, devices: [] };
    const { deviceId, deviceKey, receivedAtUs } = record;
    effects.batch.devices.push({ deviceId, deviceKey, receivedAtUs, readings });
  }

  let { seq } = order;
  for (const effects of organizations.values()) {
    if (!effects.batch) continue;
    effects.batch.seq = ++seq;
    effects.batch.previousSeq = order.previousSeq(effects.organizationId);
    effects.payload = encodeStoredReadings(effects.batch.devices);
  }
  return { organizations: [...organizations.values()], latestRows: [...latest.values()], late, firstSeq: order.seq + 1, lastSeq: seq };
}

function newReadings(rows: BatchRows, start: number, end: number, isNew: Uint8Array | null, all: RecordedReading[]): RecordedReading[] {
  if (!isNew && end - start === all.length) return all;
  const readings: RecordedReading[] = [];
  for (let row = start; row < end; row++) if (!isNew || isNew[row]) readings.push(rows.readings[row]!);
  return readings;
}

function followRows(rows: BatchRows, isNew: Uint8Array | null, rolledUpToUs: number) {
  const latest = new Map<WriterSeries, number>();
  let late: MinuteMap | null = null;
  let previous: WriterSeries | null = null;
  let newestUs = 0;
  for (let row = 0; row < rows.readings.length; row++) {
    if (isNew && !isNew[row]) continue;
    const reading = rows.readings[row]!;
    const series = rows.series[row]!;
    const us = reading.recordedAtUs;
    if (us < rolledUpToUs && reading.value !== null) {
      late ??= new MinuteMap();
      late.add(series.id, us, reading.value);
    }
    // Sent as history by the device: stored, but it does not speak for the present.
    if (reading.flags & ReadingFlag.HISTORICAL) continue;
    if (series !== previous) {
      previous = series;
      const known = latest.get(series);
      newestUs = known === undefined ? series.latestUs : rows.readings[known]!.recordedAtUs;
    }
    if (us > newestUs) {
      newestUs = us;
      latest.set(series, row);
    }
  }
  return { latest, late };
}
