import type { Receipt } from '../batch/appender.js';

const PUBACK = 0x40;
const PUBREC = 0x50;

/**
 * Acknowledgements of one connection. They leave in the order in which the messages came [MQTT-4.6.0-2], each only after
 * its records are in the log, and all that are due at once in one write.
 */
export class AckQueue {
  private queue: Ack[] = [];
  private head = 0;
  private scheduled = false;

  /**
   * @param write Sends bytes; does nothing when the connection is gone.
   * @param release Told of the bytes that are no longer in flight.
   */
  constructor(
    private readonly write: (bytes: Buffer) => void,
    private readonly release: (bytes: number) => void,
  ) {}

  get size(): number {
    return this.queue.length - this.head;
  }

  /** The place in the queue of a message that has just come; it is the receipt of its records. */
  add(qos: 0 | 1 | 2, packetId: number): Ack {
    const ack = new Ack(this, qos, packetId);
    this.queue.push(ack);
    return ack;
  }

  settled(): void {
    if (this.scheduled || !this.queue[this.head]?.settled) return;
    this.scheduled = true;
    queueMicrotask(this.flush);
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    const from = this.head;
    let due = 0;
    let released = 0;
    for (; this.head < this.queue.length && this.queue[this.head]!.settled; this.head++) {
      const ack = this.queue[this.head]!;
      if (ack.qos > 0) due++;
      released += ack.bytes;
    }
    if (due > 0) this.write(this.encode(from, due));
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    } else if (this.head > 1024) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    this.release(released);
  };

  private encode(from: number, due: number): Buffer {
    const bytes = Buffer.allocUnsafe(due * 4);
    let at = 0;
    for (let i = from; i < this.head; i++) {
      const { qos, packetId } = this.queue[i]!;
      if (qos === 0) continue;
      bytes[at++] = qos === 1 ? PUBACK : PUBREC;
      bytes[at++] = 2;
      bytes[at++] = packetId >> 8;
      bytes[at++] = packetId & 0xff;
    }
    return bytes;
  }
}

export class Ack implements Receipt {
  settled = false;
  /** What the message takes in memory until it is in the log; set when it has been decoded. */
  bytes = 0;

  constructor(
    private readonly queue: AckQueue,
    readonly qos: 0 | 1 | 2,
    readonly packetId: number,
  ) {}

  appended(): void {
    this.settled = true;
    this.queue.settled();
  }
}
