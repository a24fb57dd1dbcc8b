import { DAY_US, floorTo } from '../rollup/aggregate.js';
import type { LogEntry } from '@pulsegraph/kit/event-log';
import type { ReadingsRecord, RecordedReading, RejectionRecord } from '@pulsegraph/contracts';
import type { ClientBase } from 'pg';
import { checkStorable } from './poison.js';
import type { SeriesDirectory, WriterSeries } from './series-directory.js';

let batchNumber = 0;

/** The readings of a part of a batch, each with its series, without what repeats an instant of the same batch. */
export class BatchRows {
  /** Differs per attempt, so that scratch in a series never leaks from one into the next. */
  readonly number = ++batchNumber;
  readonly records: ReadingsRecord[] = [];
  readonly rejections: RejectionRecord[] = [];
  /** Row i: its series, its reading, the record it came in. */
  readonly series: WriterSeries[] = [];
  readonly readings: RecordedReading[] = [];
  readonly recordOf: number[] = [];
  /** Starts of the UTC days that hold a row. */
  readonly daysUs = new Set<number>();
  /** By organization: readings dropped because an earlier one of this batch has their instant. */
  readonly duplicates = new Map<string, number>();

  static async gather(entries: readonly LogEntry[], directory: SeriesDirectory, client: ClientBase): Promise<BatchRows> {
    const rows = new BatchRows();
    for (const { record } of entries) {
      if (record.type === 'readings') rows.records.push(record);
      else if (record.type === 'rejection') rows.rejections.push(record);
    }
    const found: (WriterSeries | undefined)[] = [];
    const unknown = [];
    for (const { organizationId, deviceId, readings } of rows.records) {
      let series: WriterSeries | undefined;
      for (const reading of readings) {
        const { metric, unit, kind } = reading;
        // A columnar message repeats one metric; then this costs three comparisons.
        if (!series || series.metric !== metric || series.unit !== unit || series.kind !== kind) series = directory.find(deviceId, reading);
        if (!series) unknown.push({ organizationId, deviceId, metric, unit, kind });
        found.push(series);
      }
    }
    if (unknown.length > 0) await directory.ensure(client, unknown);
    rows.fill(found, directory);
    return rows;
  }

  private fill(found: readonly (WriterSeries | undefined)[], directory: SeriesDirectory): void {
    let next = 0;
    let dayStartUs = 0;
    let dayEndUs = 0;
    for (let index = 0; index < this.records.length; index++) {
      const { deviceId, organizationId, readings } = this.records[index]!;
      for (const reading of readings) {
        const series = found[next++] ?? directory.find(deviceId, reading)!;
        checkStorable(reading);
        const us = reading.recordedAtUs;
        if (!this.isFirst(series, us)) {
          this.duplicates.set(organizationId, (this.duplicates.get(organizationId) ?? 0) + 1);
          continue;
        }
        if (us < dayStartUs || us >= dayEndUs) {
          dayStartUs = floorTo(us, DAY_US);
          dayEndUs = dayStartUs + DAY_US;
          this.daysUs.add(dayStartUs);
        }
        this.series.push(series);
        this.readings.push(reading);
        this.recordOf.push(index);
      }
    }
  }

  /** In order, which is the rule, this is one comparison; a set is built only for a series that came out of order. */
  private isFirst(series: WriterSeries, us: number): boolean {
    const times = series.batchTimes;
    if (series.batch !== this.number) {
      series.batch = this.number;
      series.batchTimeSet = null;
      times.length = 1;
      times[0] = us;
      return true;
    }
    const inOrder = series.batchTimeSet === null && us > times[times.length - 1]!;
    if (!inOrder) {
      series.batchTimeSet ??= new Set(times);
      if (series.batchTimeSet.has(us)) return false;
      series.batchTimeSet.add(us);
    }
    times.push(us);
    return true;
  }
}
