import { signal, type Signal, type WritableSignal } from '@angular/core';
import { seriesKey } from '@pulsegraph/contracts';
import { frame } from './frame';
import { LiveSeries, type LatestValue } from './live-series';

export interface StoreReading extends Omit<LatestValue, 'recordedAtMs'> {
  deviceId: string;
  metric: string;
}

/** Every live series of a page. The socket only writes; one flush per frame tells the screen. */
export class LiveStore {
  private readonly series = new Map<string, LiveSeries>();
  private readonly dirty = new Set<LiveSeries>();
  private readonly newestByDevice = new Map<string, { newestMs: number; published: WritableSignal<number | null> }>();
  private readonly flush = (): void => {
    for (const series of this.dirty) {
      series.publish();
      const device = this.device(series.deviceId);
      device.published.set(device.newestMs);
    }
    this.dirty.clear();
  };

  of(deviceId: string, metric: string): LiveSeries {
    const key = seriesKey(deviceId, metric);
    let series = this.series.get(key);
    if (!series) this.series.set(key, (series = new LiveSeries(deviceId, metric)));
    return series;
  }

  /** recordedAt of the newest reading of any metric, in ms; null before the first. */
  newestMs(deviceId: string): Signal<number | null> {
    return this.device(deviceId).published;
  }

  take(readings: readonly StoreReading[]): void {
    for (const reading of readings) {
      const series = this.of(reading.deviceId, reading.metric);
      if (!series.take(reading)) continue;
      this.dirty.add(series);
      const device = this.device(reading.deviceId);
      device.newestMs = Math.max(device.newestMs, Date.parse(reading.recordedAt));
    }
    if (this.dirty.size > 0) frame.flush(this.flush);
  }

  /** History behind a sparkline; `latest` stays. */
  fill(series: LiveSeries, { at, avg }: { at: readonly (number | null)[]; avg: readonly (number | null)[] }, stepMs: number): void {
    series.stepMs = stepMs;
    at.forEach((t, i) => {
      const value = avg[i];
      if (t !== null && value !== null && value !== undefined) series.ring.push(t, value);
    });
    this.dirty.add(series);
    frame.flush(this.flush);
  }

  private device(deviceId: string): { newestMs: number; published: WritableSignal<number | null> } {
    let device = this.newestByDevice.get(deviceId);
    if (!device) this.newestByDevice.set(deviceId, (device = { newestMs: -Infinity, published: signal<number | null>(null) }));
    return device;
  }
}
