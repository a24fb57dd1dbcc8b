import type { DeliveredEvent } from './history.js';

/** Kept always: enough for clients that come back after losing their connection for a moment. */
const KEPT_EVENTS = 16;
/** Kept while another group is catching up. */
const KEPT_EVENTS_WHILE_JOINING = 1_024;
const KEPT_BYTES = 4 << 20;

/** The last events of a group, so that a client with one of their cursors can go on from there. */
export class RecentEvents {
  private readonly events: DeliveredEvent[] = [];
  private bytes = 0;
  /** Another group of the family is catching up with this one, or this one with it. */
  joining = false;

  add(event: DeliveredEvent): void {
    if (event.cursor === null) return;
    this.events.push(event);
    this.bytes += event.payload.length;
    const most = this.joining ? KEPT_EVENTS_WHILE_JOINING : KEPT_EVENTS;
    while (this.events.length > most || (this.bytes > KEPT_BYTES && this.events.length > 1)) {
      this.bytes -= this.events.shift()!.payload.length;
    }
  }

  get last(): DeliveredEvent | undefined {
    return this.events.at(-1);
  }

  /** The events after the one with this cursor; undefined when that is not among those kept. */
  after(cursor: string): readonly DeliveredEvent[] | undefined {
    const index = this.events.findLastIndex((event) => event.cursor === cursor);
    return index === -1 ? undefined : this.events.slice(index + 1);
  }
}
