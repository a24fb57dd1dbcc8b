import { Aggregate, MINUTE_US, floorTo } from './aggregate.js';
import type { SeriesAggregate } from './rollup.repository.js';

interface Minute {
  /** Of the first batch with a reading in it. */
  firstSeq: number;
  bySeries: Map<number, Aggregate>;
}

/** The part of WriterSeries that is used here. */
interface Series {
  readonly id: number;
  open: Aggregate | null;
}

/**
 * Minutes that still fill, in memory: a row of a rollup is then written once a minute instead of once per batch. After a
 * crash they come back from `stored_batch`.
 */
export class OpenMinutes {
  private readonly minutes = new Map<number, Minute>();
  /** Aggregates held. */
  size = 0;
  newestUs = -Infinity;

  add(series: Series, atUs: number, value: number, seq: number): void {
    let { open } = series;
    // Between two minutes lies no reading of the first, so the cached one needs only its bounds checked.
    if (!open || atUs < open.startUs || atUs >= open.startUs + MINUTE_US) open = series.open = this.of(series.id, atUs, seq);
    open.add(atUs, value);
  }

  private of(seriesId: number, atUs: number, seq: number): Aggregate {
    const startUs = floorTo(atUs, MINUTE_US);
    let minute = this.minutes.get(startUs);
    if (!minute) {
      this.minutes.set(startUs, (minute = { firstSeq: seq, bySeries: new Map() }));
      if (startUs > this.newestUs) this.newestUs = startUs;
    }
    let aggregate = minute.bySeries.get(seriesId);
    if (!aggregate) {
      minute.bySeries.set(seriesId, (aggregate = new Aggregate(startUs)));
      this.size++;
    }
    return aggregate;
  }

  /** Takes out the minutes before `beforeUs`. Nothing may be added to them afterwards. */
  take(beforeUs: number): SeriesAggregate[] {
    const taken: SeriesAggregate[] = [];
    for (const [startUs, { bySeries }] of this.minutes) {
      if (startUs >= beforeUs) continue;
      for (const [seriesId, aggregate] of bySeries) taken.push({ seriesId, aggregate });
      this.minutes.delete(startUs);
    }
    this.size -= taken.length;
    return taken;
  }

  /** The first batch that recovery would have to read again; Infinity when none. */
  firstSeq(): number {
    let first = Infinity;
    for (const { firstSeq } of this.minutes.values()) first = Math.min(first, firstSeq);
    return first;
  }
}

/** Minutes by series, for readings that are too late for memory. */
export class MinuteMap {
  private readonly bySeries = new Map<number, Map<number, Aggregate>>();

  add(seriesId: number, atUs: number, value: number): void {
    const minuteUs = floorTo(atUs, MINUTE_US);
    let minutes = this.bySeries.get(seriesId);
    if (!minutes) this.bySeries.set(seriesId, (minutes = new Map<number, Aggregate>()));
    let minute = minutes.get(minuteUs);
    if (!minute) minutes.set(minuteUs, (minute = new Aggregate(minuteUs)));
    minute.add(atUs, value);
  }

  all(): SeriesAggregate[] {
    return [...this.bySeries].flatMap(([seriesId, minutes]) => [...minutes.values()].map((aggregate) => ({ seriesId, aggregate })));
  }
}
