import type { ConsumerGroup } from '@pulsegraph/contracts';
import type { Admin } from 'kafkajs';

const MEASURE_EVERY_MS = 1_000;

/** How far the groups are behind the end of the topic. Counted at the broker, since other processes append and consume too. */
export class KafkaBacklog {
  private slowest = 0;
  private appendedSince = 0;
  private measuring: Promise<void> | null = null;
  private measuredAtMs = 0;

  constructor(
    private readonly admin: Admin,
    private readonly topic: string,
    private readonly groupId: (group: ConsumerGroup) => string,
    private readonly groups: readonly ConsumerGroup[],
    private readonly maxRecords: number,
  ) {}

  appended(records: number): void {
    this.appendedSince += records;
    if (Date.now() - this.measuredAtMs > MEASURE_EVERY_MS) void this.measure();
  }

  isFull(): boolean {
    const full = this.slowest + this.appendedSince > this.maxRecords;
    // Asked again by everyone who is turned away, so that the door opens soon after there is room.
    if (full) void this.measure();
    return full;
  }

  async of(group: ConsumerGroup): Promise<number> {
    const [ends, committed] = await Promise.all([
      this.admin.fetchTopicOffsets(this.topic),
      this.admin.fetchOffsets({ groupId: this.groupId(group), topics: [this.topic] }),
    ]);
    const handled = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.reduce((sum, { partition, high, low }) => {
      const from = Math.max(Number(low), handled.get(partition) ?? -1);
      return sum + Number(high) - from;
    }, 0);
  }

  private measure(): Promise<void> {
    this.measuring ??= this.read()
      .catch(() => undefined) // Appends find out themselves when Kafka is away.
      .finally(() => (this.measuring = null));
    return this.measuring;
  }

  private async read(): Promise<void> {
    const before = this.appendedSince;
    this.slowest = Math.max(0, ...(await Promise.all(this.groups.map((group) => this.of(group)))));
    // What was appended while it was counted may or may not be in the count: count it again rather than not at all.
    this.appendedSince -= before;
    this.measuredAtMs = Date.now();
  }
}
