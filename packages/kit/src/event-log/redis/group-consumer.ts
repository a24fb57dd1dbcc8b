import { randomUUID } from 'node:crypto';
import { CONSUMER_GROUPS, type ConsumerGroup } from '@pulsegraph/contracts';
import type { Redis } from 'ioredis';
import type { Log } from '../../log/index.js';
import type { BatchHandler, LogConsumer } from '../event-log.js';
import { groupKeys, membersKey, type GroupKeys, type PartitionKeys } from './keys.js';
import { PartitionReader } from './partition-reader.js';
import type { LogScripts } from './scripts.js';

export interface GroupConsumerOptions {
  redis: Redis;
  scripts: LogScripts;
  prefix: string;
  partitions: readonly PartitionKeys[];
  group: ConsumerGroup;
  handler: BatchHandler;
  maxBatchRecords: number;
  /** A process that says nothing for so long has lost its partitions. */
  leaseMs: number;
  log: Log | undefined;
}

/**
 * One process's part in a group. Each partition has one owner, who holds a lease; processes share the partitions evenly,
 * and take over those of one that is gone when its leases end.
 */
export class GroupConsumer implements LogConsumer {
  private readonly owner = randomUUID();
  private readonly readers = new Map<number, PartitionReader>();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(private readonly options: GroupConsumerOptions) {}

  async start(): Promise<void> {
    await this.beat();
    this.schedule();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    const { redis, prefix, group } = this.options;
    // Without Redis a heart beat would wait for its return, and leases end by themselves.
    if (redis.status === 'ready') await this.beating;
    await Promise.all([...this.readers.values()].map((reader) => reader.stop()));
    if (redis.status === 'ready') await redis.zrem(membersKey(prefix, group), this.owner).catch(() => 0);
  }

  private schedule(): void {
    if (this.stopping) return;
    this.timer = setTimeout(() => {
      this.beating = this.beat().catch((error: unknown) => {
        this.options.log?.warn({ err: error, group: this.options.group }, 'Could not renew the partitions of the event log');
      });
      void this.beating.then(() => this.schedule());
    }, this.options.leaseMs / 10);
  }

  private async beat(): Promise<void> {
    const { scripts, prefix, group, leaseMs, partitions } = this.options;
    const members = await scripts.joinMembers(membersKey(prefix, group), this.owner, leaseMs);
    const share = Math.ceil(partitions.length / members);
    let surplus = this.readers.size - share;
    for (const [partition, reader] of [...this.readers]) {
      const keys = this.keys(partition);
      // One that is giving up its partition holds the lease until its batch is done.
      const kept = await scripts.renewLease(keys.lease, this.owner, leaseMs);
      if (!kept || surplus-- > 0) void reader.stop();
      else await scripts.trim(keys.stream, CONSUMER_GROUPS);
    }
    for (let partition = 0; partition < partitions.length && this.readers.size < share && !this.stopping; partition++) {
      if (!this.readers.has(partition)) await this.tryTake(partition);
    }
  }

  private async tryTake(partition: number): Promise<void> {
    const { redis, scripts, group, handler, maxBatchRecords, leaseMs, log } = this.options;
    const keys = this.keys(partition);
    const taken = await redis.set(keys.lease, this.owner, 'PX', leaseMs, 'NX');
    // Ours after all when the connection broke between the setting and the answer.
    if (!taken && !(await scripts.renewLease(keys.lease, this.owner, leaseMs))) return;
    await scripts.ensureGroup(keys, group);
    // A read that was cut off must fail, not be sent again: the second answer would skip what the first one held.
    const connection = redis.duplicate({ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
    connection.on('error', () => undefined); // The main connection tells of outages.
    const reader = new PartitionReader({
      redis: connection,
      control: scripts,
      controlIsUp: () => redis.status === 'ready',
      keys,
      partition,
      group,
      owner: this.owner,
      handler,
      maxBatchRecords,
      log,
    });
    this.readers.set(partition, reader);
    void reader.done.then(() => this.readers.delete(partition));
  }

  private keys(partition: number): GroupKeys {
    return groupKeys(this.options.partitions[partition]!, this.options.group);
  }
}
