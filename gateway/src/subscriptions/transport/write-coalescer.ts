import type { Duplex } from 'node:stream';

/** Nothing waits longer than this, however many sockets there are to write to. */
const LONGEST_WINDOW_MS = 100;
/** More than this is not held back for one socket: it would look as if its client were slow. */
const HELD_BYTES = 32 << 10;

/**
 * Gathers what is written to a socket within a few milliseconds into one system call, which is most of the cost of a
 * small message. After a quiet moment the first message to each socket goes out at once, so that a lone one waits for
 * nothing; under load messages wait for the window, and the busier the process the more of them go out together. Where
 * writing to all of them takes longer than the window, the window is as long as the writing: of two events in a row for
 * ten thousand clients the second would else find every socket just written to.
 */
export class WriteCoalescer {
  private readonly held: CoalescedSocket[] = [];
  private timer: NodeJS.Timeout | undefined;
  private round = 0;
  private inRound = false;
  private direct = false;
  private roundEndedAtMs = -Infinity;
  private heldSinceMs = 0;
  private writeMs = 0.01;

  /** @param windowMs 0 turns coalescing off. */
  constructor(readonly windowMs: number) {}

  hold(socket: CoalescedSocket): void {
    this.held.push(socket);
    if (this.timer) return;
    this.heldSinceMs = performance.now();
    this.wait(this.windowMs);
  }

  /** A round is one turn of the event loop in which something is written. @returns its number if it began after a quiet moment. */
  quietRound(): number | null {
    if (!this.inRound) {
      this.inRound = true;
      this.round += 1;
      this.direct = performance.now() - this.roundEndedAtMs >= this.windowMs;
      setImmediate(() => {
        this.inRound = false;
        this.roundEndedAtMs = performance.now();
      });
    }
    return this.direct ? this.round : null;
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => this.onTimer(), ms);
  }

  private onTimer(): void {
    const startedAtMs = performance.now();
    const writingMs = Math.min(this.held.length * this.writeMs, LONGEST_WINDOW_MS);
    const leftMs = writingMs - (startedAtMs - this.heldSinceMs);
    if (leftMs > this.windowMs) return this.wait(leftMs);
    this.timer = undefined;
    const sockets = this.held.splice(0);
    for (const socket of sockets) socket.release();
    this.roundEndedAtMs = performance.now();
    this.writeMs = (this.roundEndedAtMs - startedAtMs) / sockets.length;
  }
}

export class CoalescedSocket {
  private corked = false;
  private lastRound = 0;
  private emptyAtMs = performance.now();

  constructor(
    private readonly socket: Duplex,
    private readonly coalescer: WriteCoalescer,
  ) {}

  /** Call before each write. */
  beforeWrite(): void {
    if (this.corked) {
      if (this.socket.writableLength < HELD_BYTES) return;
      this.release();
    }
    if (this.socket.writableLength === 0) this.emptyAtMs = performance.now();
    if (this.coalescer.windowMs === 0) return;
    const round = this.coalescer.quietRound();
    if (round !== null && this.lastRound !== round) {
      this.lastRound = round;
      return;
    }
    this.corked = true;
    this.socket.cork();
    this.coalescer.hold(this);
  }

  release(): void {
    if (!this.corked) return;
    this.corked = false;
    this.socket.uncork();
  }

  /** @param maxBytes Unsent bytes, or @param maxMs of never being empty: either says that the other side is slow. */
  isCongested(maxBytes: number, maxMs: number): boolean {
    const { writableLength } = this.socket;
    if (writableLength === 0) return false;
    return writableLength > maxBytes || (!this.corked && performance.now() - this.emptyAtMs > maxMs);
  }
}
