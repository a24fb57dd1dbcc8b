import type { Duplex } from 'node:stream';

/**
 * Gathers what is written to a socket within a few milliseconds into one system call, which is most of the cost of a
 * small message. After a quiet moment the first message to each socket goes out at once, so that a lone one waits for
 * nothing; under load messages wait for the window, and the busier the process the more of them go out together.
 */
export class WriteCoalescer {
  private readonly held: CoalescedSocket[] = [];
  private timer: NodeJS.Timeout | undefined;
  private round = 0;
  private inRound = false;
  private direct = false;
  private roundEndedAtMs = -Infinity;

  /** @param windowMs 0 turns coalescing off. */
  constructor(readonly windowMs: number) {}

  hold(socket: CoalescedSocket): void {
    this.held.push(socket);
    this.timer ??= setTimeout(() => this.flush(), this.windowMs);
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

  private flush(): void {
    this.timer = undefined;
    for (const socket of this.held.splice(0)) socket.release();
    this.roundEndedAtMs = performance.now();
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
    if (this.corked) return;
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
