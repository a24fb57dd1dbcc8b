import type { CatchUp, DeliveredEvent, DeliveryHistory } from './history.js';

/** Memory that one group may hold for its slow clients, whatever the bound in events. */
const MAX_BYTES = 32 << 20;

/** Every event in order, up to a bound. */
export class KeepAll implements DeliveryHistory {
  private readonly events: DeliveredEvent[] = [];
  private bytes = 0;
  private head = 0;
  oldestServableSeq: number;

  /** @param sinceSeq The newest event that was delivered to everybody. */
  constructor(
    private readonly bound: number,
    sinceSeq: number,
  ) {
    this.oldestServableSeq = sinceSeq;
  }

  add(event: DeliveredEvent): void {
    this.events.push(event);
    this.bytes += event.payload.length;
    while (this.events.length - this.head > this.bound || (this.bytes > MAX_BYTES && this.events.length - this.head > 1)) {
      const dropped = this.events[this.head]!;
      this.head += 1;
      this.bytes -= dropped.payload.length;
      this.oldestServableSeq = dropped.seq;
    }
    if (this.head > 1_024 && this.head * 2 > this.events.length) {
      this.events.splice(0, this.head);
      this.head = 0;
    }
  }

  after(seq: number): CatchUp | undefined {
    const first = this.events[this.head];
    if (!first) return undefined;
    const event = this.events[this.head + Math.max(0, seq + 1 - first.seq)];
    return event && { payload: event.payload, cursor: event.cursor, seq: event.seq, skipped: 0 };
  }
}
