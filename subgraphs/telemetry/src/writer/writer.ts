import { busChannel } from '@pulsegraph/contracts';
import type { EventLog, LogConsumer, LogEntry } from '@pulsegraph/kit/event-log';
import type { HealthCheck } from '@pulsegraph/kit/http';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { createPool, migrate } from '@pulsegraph/kit/postgres';
import { migrations } from '../migrations/index.js';
import { PipelineMeter } from '../pipeline/pipeline-meter.js';
import { GroupLostError } from '../rollup/flush.js';
import { partsOf, storeAroundPoison } from './bisect.js';
import { Maintenance } from './maintenance.js';
import { writerMetrics } from './metrics.js';
import { Partitions } from './partitions.js';
import { DEFAULT_RETENTION, type Retention } from './retention.js';
import { WriterConnection } from './writer-connection.js';
import { ROLLUP_GRACE_MS } from './writer-group.js';
import { batchesOf, type StoredChunk } from './writer-session.js';

export interface TelemetryWriterOptions {
  /** Connects as `telemetry_migrator`. */
  databaseUrl: string;
  bus: LiveBus;
  eventLog: EventLog;
  log: Log;
  retention?: Partial<Retention>;
  /** Short for `retention.replayWindowMs`. */
  replayWindowMs?: number;
  /** Not needed so far; taken so that both roles can be given the same. */
  projection?: RegistryProjection;
}

export interface TelemetryWriter {
  /** Migrates, recovers what a crash left, then consumes. */
  start(): Promise<void>;
  /** Finishes the batch in hand and leaves rollups complete. */
  stop(): Promise<void>;
  readonly checks: readonly HealthCheck[];
}

const READINGS_PER_TRANSACTION = 20_000;
/** Live messages under way at most; beyond it they are left out, and their readers find them in the table. */
const MAX_UNPUBLISHED = 200;
const FLUSH_CHECK_MS = 5_000;

/** Event log → Postgres, then the live bus. */
export function createTelemetryWriter(options: TelemetryWriterOptions): TelemetryWriter {
  const { databaseUrl, bus, eventLog, log } = options;
  const { replayWindowMs = DEFAULT_RETENTION.replayWindowMs } = options;
  const retention: Retention = { ...DEFAULT_RETENTION, replayWindowMs, ...options.retention };
  const pool = createPool({ databaseUrl, owner: 'telemetry', kind: 'service', maxConnections: 4 }, (err) =>
    log.warn({ err }, 'An idle connection broke'),
  );
  const partitions = new Partitions(pool);
  const connection = new WriterConnection(databaseUrl, pool, partitions);
  const meter = new PipelineMeter();
  const maintenance = new Maintenance({ pool, partitions, meter, bus, eventLog, log, retention, connection });
  let consumer: LogConsumer | undefined;
  let timer: NodeJS.Timeout | undefined;
  let newestReceivedUs = -Infinity;
  let unpublished = 0;

  // One thing at a time on the connection: engines with several partitions call the handler at once, and the flush's
  // beginning must fall between two batches.
  let queue: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const publish = (organizationId: string, message: unknown) => {
    if (unpublished >= MAX_UNPUBLISHED) return;
    unpublished++;
    bus
      .publish(busChannel.readings(organizationId), message)
      .catch((err: unknown) => log.warn({ err }, 'A stored batch was not announced; readers find it in the table'))
      .finally(() => unpublished--);
  };

  const announce = (chunk: StoredChunk) => {
    const nowMs = Date.now();
    for (const { organizationId, batch } of batchesOf(chunk)) {
      publish(organizationId, batch);
      let slowestMs = 0;
      for (const { receivedAtUs, readings } of batch.devices) {
        const latencyMs = nowMs - receivedAtUs / 1000;
        meter.add(organizationId, readings.length, latencyMs, nowMs);
        if (latencyMs > slowestMs) slowestMs = latencyMs;
      }
      writerMetrics.storeLatency.observe(slowestMs / 1000);
    }
    for (const { organizationId, accepted, duplicates } of chunk.organizations) {
      meter.touch(organizationId);
      writerMetrics.stored.inc(accepted);
      writerMetrics.duplicate.inc(duplicates);
    }
    for (const organizationId of chunk.rejected.keys()) meter.touch(organizationId);
  };

  const storePart = async (part: readonly LogEntry[]) => {
    const session = await connection.open();
    try {
      announce(await session.store(part));
    } catch (error) {
      if (error instanceof GroupLostError) await connection.discard();
      throw error;
    }
  };

  const onPoison = (err: Error, entry: LogEntry) =>
    log.error({ err, partition: entry.partition, position: entry.position, deviceId: entry.record.deviceId }, 'A record cannot be stored');

  const storeAll = async (entries: readonly LogEntry[]) => {
    const kept = entries.filter(({ record }) => record.type !== 'device-event');
    for (const part of partsOf(kept, READINGS_PER_TRANSACTION)) await storeAroundPoison(part, storePart, onPoison);
    for (const { record } of entries) if (record.receivedAtUs > newestReceivedUs) newestReceivedUs = record.receivedAtUs;
  };

  // What several partitions bring while a transaction runs goes into the next one together.
  let waiting: { batch: readonly LogEntry[]; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const handle = (batch: readonly LogEntry[]) => {
    const handled = new Promise<void>((resolve, reject) => waiting.push({ batch, resolve, reject }));
    void exclusively(async () => {
      const taken = waiting;
      waiting = [];
      try {
        if (taken.length > 0) await storeAll(taken.length === 1 ? taken[0]!.batch : taken.flatMap((one) => one.batch));
        for (const { resolve } of taken) resolve();
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    });
    return handled;
  };

  const startFlush = (backlog: number) =>
    exclusively(async () => {
      // Without a session nobody would read back what the last one had not flushed.
      const session = await connection.open();
      // While there is a backlog, time is what the log says: its minutes are then written once, too.
      const nowUs = backlog > 0 && newestReceivedUs > 0 ? newestReceivedUs : Date.now() * 1000;
      session.startFlush(nowUs - ROLLUP_GRACE_MS * 1000);
      return { flushed: session.flushed() };
    });

  const flushRound = async () => {
    try {
      const { flushed } = await startFlush(await eventLog.backlog('telemetry-writer'));
      await flushed;
    } catch (err) {
      if (err instanceof GroupLostError) await exclusively(() => connection.discard());
      log.warn({ err }, 'Rollups were not flushed; the next round tries again');
    }
  };

  return {
    checks: [
      { name: 'postgres', check: async () => void (await pool.query('select 1')) },
      { name: 'event-log', check: () => eventLog.ping() },
      { name: 'live-bus', check: () => bus.ping(), optional: true },
    ],
    async start() {
      await migrate(databaseUrl, 'telemetry', migrations);
      await partitions.ensureAhead(Date.now() * 1000);
      await connection.open();
      await maintenance.start();
      timer = setInterval(() => void flushRound(), FLUSH_CHECK_MS);
      consumer = await eventLog.consume('telemetry-writer', handle);
    },
    async stop() {
      await consumer?.stop();
      clearInterval(timer);
      await maintenance.stop();
      await exclusively(async () => {
        await connection.session?.end();
        await connection.discard();
      });
      await pool.end();
    },
  };
}
