import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerGroup, LogRecord } from '@pulsegraph/contracts';
import type { Redis } from 'ioredis';
import type { Log } from '../../log/index.js';
import { deliverUntilHandled } from '../deliver.js';
import type { BatchHandler, LogEntry } from '../event-log.js';
import type { GroupKeys } from './keys.js';
import { logScripts, type Acknowledgement, type LogScripts, type RawEntry } from './scripts.js';

/** Entries per read; an entry holds up to some hundred records. */
const ENTRIES_PER_READ = 64;
const WAIT_MS = 2_000;
const RETRY_PAUSE_MS = 200;

export interface PartitionReaderOptions {
  /** For this reader alone, since it blocks. Closed by the reader. */
  redis: Redis;
  /** On a connection that never blocks. */
  control: LogScripts;
  controlIsUp: () => boolean;
  keys: GroupKeys;
  partition: number;
  group: ConsumerGroup;
  /** Value of the lease. */
  owner: string;
  handler: BatchHandler;
  maxBatchRecords: number;
  log: Log | undefined;
}

/** Reads one partition for one group for as long as it holds the lease. */
export class PartitionReader {
  private readonly scripts: LogScripts;
  private ending = false;
  private blocked = false;
  readonly done: Promise<void>;

  constructor(private readonly options: PartitionReaderOptions) {
    this.scripts = logScripts(options.redis);
    this.done = this.run();
  }

  /** Finishes and acknowledges the batch in hand. */
  async stop(): Promise<void> {
    this.ending = true;
    if (this.blocked) this.options.redis.disconnect();
    await this.done;
  }

  private async run(): Promise<void> {
    const { keys, group, owner, control, redis } = this.options;
    // First what an earlier owner was given and did not acknowledge, then what is new.
    let from: '0' | '>' = '0';
    let ack: Acknowledgement | null = null;
    while (!this.ending) {
      try {
        const read: RawEntry[] | string = await this.scripts.ackAndRead(keys, { group, owner, count: ENTRIES_PER_READ, from, ack });
        ack = null;
        if (read === 'LOST') this.ending = true;
        else if (typeof read !== 'string') ack = await this.deliver(read);
        else if (from === '0') from = '>';
        else await this.waitForEntryAfter(read);
      } catch (error) {
        if (this.ending) break;
        this.options.log?.warn({ err: error, group, partition: this.options.partition }, 'Reading the event log failed; trying again');
        // Somebody emptied Redis under us.
        if (error instanceof Error && error.message.includes('NOGROUP')) await control.ensureGroup(keys, group).catch(() => 0);
        from = '0';
        await sleep(RETRY_PAUSE_MS);
      }
    }
    redis.disconnect();
    await this.giveUp(ack);
  }

  /** Acknowledges the last batch and lets the partition go at once, if Redis hears it: the lease ends by itself otherwise. */
  private async giveUp(ack: Acknowledgement | null): Promise<void> {
    const { keys, group, owner, control, controlIsUp, log, partition } = this.options;
    if (!controlIsUp()) return;
    try {
      if (ack) await control.ack(keys, group, ack);
      await control.releaseLease(keys.lease, owner);
    } catch (error) {
      log?.warn({ err: error, group, partition }, 'The last batch was not acknowledged; it will be delivered again');
    }
  }

  /** Null when nothing was finished. */
  private async deliver(raw: readonly RawEntry[]): Promise<Acknowledgement | null> {
    const { handler, maxBatchRecords, group, log, partition } = this.options;
    const entries: LogEntry[] = [];
    /** Where each stream entry ends among the records. */
    const ends: { id: string; end: number; total: string }[] = [];
    for (const [id, fields] of raw) {
      for (const [index, record] of this.parse(id, fields).entries()) entries.push({ partition, position: `${id}.${index}`, record });
      ends.push({ id, end: entries.length, total: fields?.[5] ?? ends.at(-1)?.total ?? '' });
    }
    let handled = 0;
    while (handled < entries.length) {
      const batch = entries.slice(handled, handled + maxBatchRecords);
      if (!(await deliverUntilHandled({ handler, batch, isStopping: () => this.ending, group, log }))) break;
      handled += batch.length;
    }
    const finished = ends.filter(({ end }) => end <= handled);
    return finished.length === 0 ? null : { ids: finished.map(({ id }) => id), handledTotal: finished.at(-1)!.total };
  }

  private parse(id: string, fields: RawEntry[1]): LogRecord[] {
    if (!fields) return [];
    try {
      return JSON.parse(fields[1]) as LogRecord[];
    } catch (error) {
      // Nothing of ours writes such an entry; one that was made by hand must not stop the stream.
      this.options.log?.error({ err: error, id, partition: this.options.partition }, 'An entry of the event log is not readable; skipped');
      return [];
    }
  }

  private async waitForEntryAfter(id: string): Promise<void> {
    if (this.ending) return;
    this.blocked = true;
    try {
      await this.options.redis.xread('COUNT', 1, 'BLOCK', WAIT_MS, 'STREAMS', this.options.keys.stream, id);
    } finally {
      this.blocked = false;
    }
  }
}
