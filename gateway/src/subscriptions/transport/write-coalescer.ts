import type { Duplex } from 'node:stream';

/**
 * Gathers what is written to a socket within a few milliseconds into one system call, which is most of the cost of a
 * small message. A socket that was quiet is written to at once, so that a lone message waits for nothing.
 */
export class WriteCoalescer {
  private readonly held: CoalescedSocket[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** @param windowMs 0 turns coalescing off. */
  constructor(readonly windowMs: number) {}

  hold(socket: CoalescedSocket): void {
    this.held.push(socket);
    this.timer ??= setTimeout(() => this.flush(), this.windowMs);
  }

  private flush(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const socket of this.held.splice(0)) socket.release(now);
  }
}

export class CoalescedSocket {
  private corked = false;
  private lastWriteAtMs = -Infinity;
  private emptyAtMs = performance.now();

  constructor(
    private readonly socket: Duplex,
    private readonly coalescer: WriteCoalescer,
  ) {}

  /** Call before each write. */
  beforeWrite(): void {
    const now = performance.now();
    if (this.socket.writableLength === 0) this.emptyAtMs = now;
    if (this.corked || this.coalescer.windowMs === 0) return;
    if (now - this.lastWriteAtMs >= this.coalescer.windowMs) {
      this.lastWriteAtMs = now;
      return;
    }
    this.corked = true;
    this.socket.cork();
    this.coalescer.hold(this);
  }

  release(now = performance.now()): void {
    if (!this.corked) return;
    this.corked = false;
    this.lastWriteAtMs = now;
    this.socket.uncork();
  }

  /** @param maxBytes Unsent bytes, or @param maxMs of never being empty: either says that the other side is slow. */
  isCongested(maxBytes: number, maxMs: number): boolean {
    const { writableLength } = this.socket;
    if (writableLength === 0) return false;
    return writableLength > maxBytes || (!this.corked && performance.now() - this.emptyAtMs > maxMs);
  }
}
