import type { CatchUp, DeliveredEvent, DeliveryHistory } from './history.js';

/** More keys than this are not held for slow clients: the oldest go, and count as skipped. */
const MAX_KEYS = 20_000;

/**
 * The newest event per key, where the key is of the event and not of elements in it. What is held goes out one event
 * after the other, oldest first; each says how many were passed over since the one before.
 */
export class LatestEvents implements DeliveryHistory {
  readonly oldestServableSeq = -1;
  private readonly held = new Map<string, DeliveredEvent>();
  /** Held events by their number, in order: what comes after a client's place is found without a search. */
  private order: DeliveredEvent[] = [];
  private stale = false;
  private readonly marked = new Map<string, Buffer>();

  add(event: DeliveredEvent): void {
    const key = event.keys[0] ?? '';
    this.held.delete(key);
    this.held.set(key, event);
    if (this.held.size > MAX_KEYS) this.held.delete(this.held.keys().next().value!);
    this.stale = true;
    this.marked.clear();
  }

  after(seq: number): CatchUp | undefined {
    if (this.stale) {
      this.order = [...this.held.values()];
      this.stale = false;
    }
    const event = this.order[this.firstAfter(seq)];
    if (!event) return undefined;
    const skipped = event.seq - seq - 1;
    return { payload: skipped === 0 ? event.payload : this.mark(event, skipped), cursor: event.cursor, seq: event.seq, skipped };
  }

  private firstAfter(seq: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.order[middle]!.seq > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private mark({ seq, result }: DeliveredEvent, skipped: number): Buffer {
    const key = `${seq} ${skipped}`;
    let payload = this.marked.get(key);
    if (!payload) {
      const extensions = { ...result.extensions, delivery: { ...(result.extensions?.delivery as object | undefined), skipped } };
      payload = Buffer.from(JSON.stringify({ ...result, extensions }));
      this.marked.set(key, payload);
    }
    return payload;
  }
}
