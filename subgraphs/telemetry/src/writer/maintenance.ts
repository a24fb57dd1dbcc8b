import { busChannel } from '@pulsegraph/contracts';
import type { EventLog } from '@pulsegraph/kit/event-log';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { Pool } from 'pg';
import { Packer } from '../pack/packer.js';
import type { PipelineMeter } from '../pipeline/pipeline-meter.js';
import { HEARTBEAT_MS, readPipelineStatus, writeHeartbeat, writePipelineStatus } from '../pipeline/pipeline-status.repository.js';
import { flush } from '../rollup/flush.js';
import { writerMetrics } from './metrics.js';
import type { Partitions } from './partitions.js';
import { dropOldPartitions, pruneDeadLetters, pruneStoredBatches, type Retention } from './retention.js';
import type { WriterConnection } from './writer-connection.js';
import { abandonedGroups } from './writer-group.js';

export interface MaintenanceOptions {
  pool: Pool;
  partitions: Partitions;
  meter: PipelineMeter;
  bus: LiveBus;
  eventLog: EventLog;
  log: Log;
  retention: Retention;
  connection: WriterConnection;
}

const STATUS_MS = 1_000;
const PRUNE_MS = 15_000;
const PARTITIONS_MS = 600_000;

/** What goes on beside the batches: status, heartbeat, retention, and groups that a dead writer left behind. */
export class Maintenance {
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly underWay = new Set<Promise<void>>();

  private readonly packer: Packer;

  constructor(private readonly options: MaintenanceOptions) {
    this.packer = new Packer(options.pool, options.log);
  }

  async start(): Promise<void> {
    await this.adoptAbandoned();
    this.every(STATUS_MS, 'status', () => this.publishStatus());
    this.every(HEARTBEAT_MS / 5, 'heartbeat', () => this.heartbeat());
    this.every(PRUNE_MS, 'pruning', () => this.prune());
    this.every(PARTITIONS_MS, 'partitions', () => this.keepPartitions());
    this.soon('partitions', () => this.keepPartitions());
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.underWay);
    // The last figures: whoever asks while no writer runs must not see less than is stored.
    await this.publishStatus().catch(() => undefined);
  }

  /** At once, beside the rest: a first packing may take minutes. */
  private soon(what: string, work: () => Promise<void>): void {
    const { log } = this.options;
    const round = work()
      .catch((err: unknown) => log.warn({ err, what }, 'Maintenance failed; the next round tries again'))
      .finally(() => this.underWay.delete(round));
    this.underWay.add(round);
  }

  private every(intervalMs: number, what: string, work: () => Promise<void>): void {
    let busy = false;
    const run = async () => {
      if (busy) return;
      busy = true;
      try {
        await work();
      } catch (err) {
        this.options.log.warn({ err, what }, 'Maintenance failed; the next round tries again');
      } finally {
        busy = false;
      }
    };
    const timer = setInterval(() => {
      const round = run().finally(() => this.underWay.delete(round));
      this.underWay.add(round);
    }, intervalMs);
    this.timers.push(timer);
  }

  private async publishStatus(): Promise<void> {
    const { pool, meter, bus, connection } = this.options;
    const { session } = connection;
    if (!session) return;
    const changed = meter.takeChanged(Date.now());
    if (changed.size === 0) return;
    await writePipelineStatus(pool, session.group, changed);
    for (const [organizationId, status] of await readPipelineStatus(pool, [...changed.keys()])) {
      await bus.publish(busChannel.pipeline(organizationId), status);
    }
  }

  private async heartbeat(): Promise<void> {
    const { pool, eventLog, connection } = this.options;
    const backlog = await eventLog.backlog('telemetry-writer');
    writerMetrics.backlog.set(backlog);
    if (connection.session) await writeHeartbeat(pool, connection.session.group, backlog);
  }

  private async prune(): Promise<void> {
    await pruneStoredBatches(this.options.pool, this.options.retention);
    await pruneDeadLetters(this.options.pool, this.options.retention);
    await this.adoptAbandoned();
  }

  private async keepPartitions(): Promise<void> {
    const nowUs = Date.now() * 1000;
    await this.options.partitions.ensureAhead(nowUs);
    await dropOldPartitions(this.options.partitions, this.options.retention, nowUs);
    await this.packer.run(nowUs, this.options.retention.packAfterDays);
    this.options.partitions.forget();
  }

  private async adoptAbandoned(): Promise<void> {
    const client = await this.options.pool.connect();
    try {
      for await (const { group, owner, open, rolledUpToUs, seq } of abandonedGroups(client)) {
        this.options.log.info({ group }, 'Flushing the rollups of a writer that ended early');
        await flush(this.options.pool, {
          group,
          owner,
          minutes: open.take(Infinity),
          fromUs: rolledUpToUs,
          toUs: Infinity,
          flushedSeq: seq,
        });
      }
    } finally {
      client.release();
    }
  }
}
