import type { RecordedReading, StoredReadings } from '@pulsegraph/contracts';
import type { LiveSource, Wakeup } from './live-iterator.js';
import type { ReadingEvent } from './subscriber.js';

/** One event per interval with the newest reading per device and metric: as many as a person can look at. */
export class NewestPerInterval implements LiveSource<ReadingEvent> {
  private readonly newest = new Map<string, { stored: StoredReadings; reading: RecordedReading }>();
  private place: ReadingEvent['place'] | null = null;
  private dueMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: LiveSource<ReadingEvent>,
    private readonly intervalMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get wakeup(): Wakeup {
    return this.source.wakeup;
  }

  async pull(): Promise<ReadingEvent | undefined> {
    for (let event = await this.source.pull(); event; event = await this.source.pull()) {
      this.take(event);
      // A long replay must not gather without end.
      if (this.now() >= this.dueMs) break;
    }
    if (!this.place) return undefined;
    const waitMs = this.dueMs - this.now();
    if (waitMs > 0) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.wakeup.call();
      }, waitMs);
      return undefined;
    }
    return this.give();
  }

  close(): void {
    clearTimeout(this.timer);
    this.source.close();
  }

  private take({ place, devices }: ReadingEvent): void {
    this.place = place;
    for (const stored of devices) {
      for (const reading of stored.readings) {
        const key = `${stored.deviceId} ${reading.metric}`;
        const known = this.newest.get(key);
        if (!known || reading.recordedAtUs > known.reading.recordedAtUs) this.newest.set(key, { stored, reading });
      }
    }
  }

  private give(): ReadingEvent {
    const devices = [...this.newest.values()].map(({ stored, reading }) => ({ ...stored, readings: [reading] }));
    const event = { place: this.place!, devices };
    this.newest.clear();
    this.place = null;
    this.dueMs = this.now() + this.intervalMs;
    return event;
  }
}
