import type { StoredBatch, StoredReadings } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { advanced, furthest, reaches, type BatchPlace } from './batch-place.js';
import { Wakeup, type LiveSource } from './live-iterator.js';
import type { OrganizationStream, StreamListener } from './organization-stream.js';
import type { ReadingFilter } from './reading-filter.js';

/** What one commit stored of what a subscriber asked for, or several where the subscriber is behind. */
export interface ReadingEvent {
  /** Where to continue after it. */
  place: BatchPlace;
  devices: StoredReadings[];
}

/** Readings that may wait for one subscriber in memory; one who is further behind reads from the table. */
const MAX_QUEUED_READINGS = 20_000;
const PAGE_BATCHES = 100;
/** Of several commits in one event; a single commit may hold more. */
const MAX_EVENT_READINGS = 1_000;

/**
 * One listener's way through an organization's batches: from the table while it is behind, then from the live stream, and
 * back to the table when it cannot keep up. The change from one to the other happens between two turns of the event loop,
 * so no batch falls between.
 */
export class Subscriber implements LiveSource<ReadingEvent>, StreamListener {
  readonly wakeup = new Wakeup();
  private live = false;
  private readonly queue: ReadingEvent[] = [];
  private queuedReadings = 0;
  private closed = false;

  constructor(
    private readonly stream: OrganizationStream,
    private readonly filter: ReadingFilter,
    /** For the index of the stream; null: of any device. */
    readonly deviceIds: readonly string[] | null,
    private place: BatchPlace,
    private readonly onClose: () => void,
  ) {}

  /** From the stream, in the turn in which the batch was applied. */
  offer(stored: readonly StoredReadings[], place: BatchPlace): void {
    const devices = this.picked(stored);
    if (devices.length === 0) return;
    const readings = countOf(devices);
    if (this.queue.length > 0 && this.queuedReadings + readings > MAX_QUEUED_READINGS) return this.fallBehind();
    this.queuedReadings += readings;
    this.queue.push({ place, devices });
    this.wakeup.call();
  }

  /** After what is queued, the table goes on. */
  fallBehind(): void {
    this.stream.leave(this);
    this.live = false;
    this.wakeup.call();
  }

  async pull(): Promise<ReadingEvent | undefined> {
    while (this.queue.length === 0 && !this.live && !this.closed) await this.catchUp();
    const event = this.nextOf(this.queue);
    if (!event) return undefined;
    if (this.live) this.queuedReadings -= countOf(event.devices);
    this.place = event.place;
    return event;
  }

  /** Whoever is behind gets several commits as one event: the busier the reader, the less each reading costs it. */
  private nextOf(queue: ReadingEvent[]): ReadingEvent | undefined {
    const [first, second] = queue;
    if (!first || !second) return queue.shift();
    const devices = [...first.devices];
    let readings = countOf(devices);
    let taken = 1;
    for (; taken < queue.length; taken++) {
      const next = queue[taken]!.devices;
      if ((readings += countOf(next)) > MAX_EVENT_READINGS) break;
      devices.push(...next);
    }
    const { place } = queue[taken - 1]!;
    queue.splice(0, taken);
    return { place, devices };
  }

  /** Reads a page of what is missing, or joins the live stream when nothing is. @throws CURSOR_EXPIRED */
  async catchUp(): Promise<void> {
    const { stream } = this;
    const { end } = stream;
    if (reaches(this.place, end)) {
      if (!reaches(end, this.place)) throw errors.cursorExpired();
      this.live = true;
      this.queuedReadings = 0;
      stream.join(this);
      return;
    }
    const batches = await stream.between(this.place, end, PAGE_BATCHES);
    let { place } = this;
    for (const batch of batches) {
      this.refuseHole(place, batch);
      place = advanced(place, batch);
      const devices = this.picked(batch.devices);
      if (devices.length > 0) this.queue.push({ place, devices });
    }
    if (batches.length < PAGE_BATCHES) {
      // All there is was read. What the end names beyond it has been removed.
      if (!reaches(place, end)) throw errors.cursorExpired();
      place = furthest(place, end);
    }
    // Between two events of ours the place moves on, too: a rare filter must not fall out of the window.
    if (this.queue.length === 0) this.place = place;
    else this.queue.at(-1)!.place = place;
  }

  close(): void {
    this.closed = true;
    this.stream.leave(this);
    this.onClose();
  }

  private refuseHole(place: BatchPlace, { group, previousSeq }: StoredBatch): void {
    if (previousSeq > (place.get(group) ?? 0)) throw errors.cursorExpired();
  }

  private picked(stored: readonly StoredReadings[]): StoredReadings[] {
    const picked: StoredReadings[] = [];
    for (const one of stored) {
      const match = this.filter(one);
      if (match) picked.push(match);
    }
    return picked;
  }
}

function countOf(devices: readonly StoredReadings[]): number {
  return devices.reduce((sum, { readings }) => sum + readings.length, 0);
}
