import type { Redis } from 'ioredis';
import type { PartitionKeys } from './keys.js';

const MEASURE_EVERY_MS = 1_000;

/** How much of Redis the log takes: measured there about once a second, since other processes append and trim too. */
export class LogUsage {
  private measuredBytes = 0;
  private appendedSince = 0;
  private measuring: Promise<void> | null = null;
  private measuredAtMs = 0;

  constructor(
    private readonly redis: Redis,
    private readonly partitions: readonly PartitionKeys[],
    private readonly maxBytes: number,
  ) {}

  appended(bytes: number): void {
    this.appendedSince += bytes;
    if (Date.now() - this.measuredAtMs > MEASURE_EVERY_MS || this.isFull()) void this.measure();
  }

  isFull(): boolean {
    const full = this.measuredBytes + this.appendedSince > this.maxBytes;
    // Asked again by everyone who is turned away, so that the door opens soon after there is room.
    if (full) void this.measure();
    return full;
  }

  measure(): Promise<void> {
    this.measuring ??= this.read()
      .catch(() => undefined) // Appends find out themselves when Redis is away.
      .finally(() => (this.measuring = null));
    return this.measuring;
  }

  private async read(): Promise<void> {
    const before = this.appendedSince;
    const sizes = await Promise.all(this.partitions.map(({ stream }) => this.redis.memory('USAGE', stream)));
    this.measuredBytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    // What was appended while Redis was counting may or may not be in the count: count it again rather than not at all.
    this.appendedSince -= before;
    this.measuredAtMs = Date.now();
  }
}
