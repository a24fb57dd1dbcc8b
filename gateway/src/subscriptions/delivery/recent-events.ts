import type { DeliveredEvent } from './history.js';

/** Kept always: enough for clients that come back after losing their connection for a moment. */
const KEPT_EVENTS = 16;
/** Kept while another group is catching up, and while a group is young. */
const KEPT_EVENTS_FOR_MANY = 1_024;
const KEPT_BYTES = 4 << 20;
/** After a restart everybody comes back within this time, many with the same cursor: one replay is enough for them. */
const YOUNG_MS = 120_000;
const KEPT_BYTES_WHILE_YOUNG = 256 << 10;

/** As it went out. */
export type SentEvent = Pick<DeliveredEvent, 'payload' | 'cursor'>;

/** The last events of a group, so that a client with one of their cursors can go on from there. */
export class RecentEvents {
  private readonly events: SentEvent[] = [];
  private bytes = 0;
  private readonly startedAtMs = performance.now();
  /** The cursor right before the oldest event that is kept; null where nobody knows it. */
  private before: string | null;
  /** Another group of the family is catching up with this one, or this one with it. */
  joining = false;

  /** @param after The cursor that the group began behind. */
  constructor(after: string | null) {
    this.before = after;
  }

  add({ payload, cursor }: SentEvent): void {
    if (cursor === null) return;
    this.events.push({ payload, cursor });
    this.bytes += payload.length;
    const young = performance.now() - this.startedAtMs < YOUNG_MS;
    const most = this.joining || young ? KEPT_EVENTS_FOR_MANY : KEPT_EVENTS;
    const mostBytes = this.joining ? KEPT_BYTES : Math.max(KEPT_BYTES_WHILE_YOUNG, KEPT_EVENTS * payload.length);
    while (this.events.length > most || (this.bytes > mostBytes && this.events.length > 1)) {
      const oldest = this.events.shift()!;
      this.bytes -= oldest.payload.length;
      this.before = oldest.cursor;
    }
  }

  get last(): SentEvent | undefined {
    return this.events.at(-1);
  }

  /** The events after the one with this cursor; undefined when that is not among those kept. */
  after(cursor: string): readonly SentEvent[] | undefined {
    const index = this.events.findLastIndex((event) => event.cursor === cursor);
    if (index !== -1) return this.events.slice(index + 1);
    return cursor === this.before ? [...this.events] : undefined;
  }
}
