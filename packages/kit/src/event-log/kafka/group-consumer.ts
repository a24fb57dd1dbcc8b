import type { ConsumerGroup, LogRecord } from '@pulsegraph/contracts';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Log } from '../../log/index.js';
import { deliverUntilHandled } from '../deliver.js';
import type { BatchHandler, LogConsumer, LogEntry } from '../event-log.js';

export interface KafkaGroupConsumerOptions {
  consumer: Consumer;
  topic: string;
  partitions: number;
  group: ConsumerGroup;
  handler: BatchHandler;
  maxBatchRecords: number;
  heartbeatMs: number;
  log: Log | undefined;
}

/** One process's part in a group. Kafka shares the partitions out; an offset is committed when its records are handled. */
export class KafkaGroupConsumer implements LogConsumer {
  private stopping = false;

  constructor(private readonly options: KafkaGroupConsumerOptions) {}

  async start(): Promise<void> {
    const { consumer, topic, partitions, group, log } = this.options;
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    // Joining a group takes as long as its other members take to let go; nobody who appends should wait for that.
    consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: partitions,
        eachBatch: (payload) => this.take(payload),
      })
      .catch((error: unknown) => log?.error({ err: error, group }, 'The event log is not consumed'));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.options.consumer.disconnect();
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { handler, maxBatchRecords, group, log } = this.options;
    const { partition, messages } = payload.batch;
    const isStopping = () => this.stopping || !payload.isRunning() || payload.isStale();
    for (let from = 0; from < messages.length && !isStopping(); from += maxBatchRecords) {
      const part = messages.slice(from, from + maxBatchRecords);
      const batch = part.map(({ offset, value }): LogEntry => ({
        partition,
        position: offset,
        record: JSON.parse(value!.toString()) as LogRecord,
      }));
      const handled = await this.alive(payload, () => deliverUntilHandled({ handler, batch, isStopping, group, log }));
      if (!handled) return;
      await this.commit(payload, part.at(-1)!.offset);
    }
  }

  /** A handler may take longer than a session may be silent, for example while its database is away. */
  private async alive<T>(payload: EachBatchPayload, work: () => Promise<T>): Promise<T> {
    // A group that rebalances says so here; it waits until the batch in hand is done.
    const timer = setInterval(() => void payload.heartbeat().catch(() => undefined), this.options.heartbeatMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  private async commit({ batch: { partition }, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload, last: string): Promise<void> {
    resolveOffset(last);
    const offset = (BigInt(last) + 1n).toString();
    // Refused when the group has given the partition to another meanwhile: that one then handles these again.
    await commitOffsetsIfNecessary({ topics: [{ topic: this.options.topic, partitions: [{ partition, offset }] }] });
  }
}
