import { signal } from '@angular/core';
import type { ReadingQuality } from '@pulsegraph/contracts';
import { decimalsOf } from '../core/format';
import { RingBuffer } from './ring-buffer';

/** Points behind a sparkline. */
const KEPT = 600;

export interface LatestValue {
  value: number | null;
  text: string | null;
  unit: string;
  recordedAt: string;
  /** Milliseconds since 1970. */
  recordedAtMs: number;
  quality: ReadingQuality;
}

/** One metric of one device as the screen shows it. Written at any rate, published once a frame. */
export class LiveSeries {
  readonly ring = new RingBuffer(KEPT);
  /** As of the last frame. */
  readonly latest = signal<LatestValue | null>(null);
  /** Width of the widest point that came as history; a sparkline joins points that far apart. */
  stepMs = 0;
  /** The most decimals a value of this series has had: what is shown keeps its width from one value to the next. */
  decimals = 0;
  private newest: LatestValue | null = null;

  constructor(
    readonly deviceId: string,
    readonly metric: string,
  ) {}

  /** True when it changed anything. Older readings fill the ring and leave `latest` alone. */
  take(reading: Omit<LatestValue, 'recordedAtMs'>): boolean {
    const recordedAtMs = Date.parse(reading.recordedAt);
    if (reading.value !== null) this.decimals = Math.max(this.decimals, decimalsOf(reading.value));
    const isNew = reading.value === null || this.ring.push(recordedAtMs, reading.value);
    if (this.newest && recordedAtMs <= this.newest.recordedAtMs) return isNew && reading.value !== null;
    const { value, text, unit, recordedAt, quality } = reading;
    this.newest = { value, text, unit, recordedAt, recordedAtMs, quality };
    return true;
  }

  publish(): void {
    this.latest.set(this.newest ? { ...this.newest } : null);
  }
}
