import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Log } from '@pulsegraph/kit/log';
import { JOB_SCHEMAS } from '@pulsegraph/kit/postgres';
import type { Pool, PoolClient } from 'pg';
import { Periodic } from '../periodic.js';

export type Task = (payload: unknown) => Promise<void>;

export interface WorkerOptions {
  pool: Pool;
  tasks: Readonly<Record<string, Task>>;
  concurrency: number;
  /** How often the queue is asked for what has become due; what is added wakes it at once. */
  pollMs: number;
  log: Log;
}

const LOCK = 'alerts.notifier';
const LOOK_EVERY_MS = 2_000;

/**
 * Works off the queue, one of any number of processes that do. A process that was killed leaves its jobs locked: each
 * holds a session lock while it lives, and whoever finds it free sets the jobs of its former holder free.
 */
export class JobWorker {
  private readonly instance = randomInt(1, 2 ** 31 - 1);
  private readonly workers = new Set<string>();
  private lock: PoolClient | undefined;
  private stopRunner: (() => Promise<void>) | undefined;
  private readonly looks: Periodic;

  constructor(private readonly options: WorkerOptions) {
    const { log } = options;
    this.looks = new Periodic(
      () => this.look(),
      LOOK_EVERY_MS,
      (error) => log.warn({ err: error }, 'Could not look for dead notifiers; trying again'),
    );
  }

  async start(): Promise<void> {
    const { run, Logger } = await import('graphile-worker');
    const { pool, tasks, concurrency, pollMs, log } = this.options;
    // A connection may break while a job uses it: the job's statement fails, and that is enough.
    pool.on('connect', (client) => client.on('error', () => undefined));
    await this.holdLock();
    await this.freeDead();
    const events = new EventEmitter();
    events.on('worker:create', ({ worker }: { worker: { workerId: string } }) => this.workers.add(worker.workerId));
    const logger = new Logger(() => (level, message) => log[LEVELS[level] ?? 'debug']({}, `Job queue: ${message}`));
    const runner = await run({
      pgPool: pool,
      schema: JOB_SCHEMAS.alerts,
      taskList: Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, (payload: unknown) => task(payload)])),
      concurrency,
      noHandleSignals: true,
      pollInterval: pollMs,
      events,
      logger,
    });
    this.stopRunner = () => runner.stop();
    runner.promise.catch((error: unknown) => log.error({ err: error }, 'The job queue ended'));
    this.looks.start();
    await this.looks.now();
  }

  /** Finishes the jobs in hand. */
  async stop(): Promise<void> {
    await this.looks.stop();
    await this.stopRunner?.();
    await this.options.pool.query('delete from notifier where instance = $1', [this.instance]).catch(() => undefined);
    this.lock?.release(true);
    this.lock = undefined;
  }

  private async look(): Promise<void> {
    if (!this.lock) await this.holdLock();
    await this.options.pool.query(
      'insert into notifier (instance, workers) values ($1, $2) on conflict (instance) do update set workers = excluded.workers',
      [this.instance, [...this.workers]],
    );
    await this.freeDead();
  }

  private async holdLock(): Promise<void> {
    const client = await this.options.pool.connect();
    try {
      await client.query('select pg_advisory_lock(hashtext($1), $2)', [LOCK, this.instance]);
    } catch (error) {
      client.release(true);
      throw error;
    }
    client.once('error', () => {
      if (this.lock !== client) return;
      this.lock = undefined;
      client.release(true);
    });
    this.lock = client;
  }

  /** Jobs of notifiers that hold their lock no more, and of workers that nobody alive has named for a while. */
  private async freeDead(): Promise<void> {
    const { pool, log } = this.options;
    const { rows } = await pool.query<{ workers: string[] }>(
      `with dead as (
         delete from notifier n where n.instance <> $2 and not exists (
           select from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid = hashtext($1)::bit(32)::bigint::oid
             and l.objid = n.instance::oid and l.objsubid = 2)
         returning n.workers
       ) select workers from dead`,
      [LOCK, this.instance],
    );
    const dead = new Set(rows.flatMap(({ workers }) => workers));
    const { rows: strays } = await pool.query<{ worker: string }>(
      `select distinct locked_by as worker from ${JOB_SCHEMAS.alerts}._private_jobs j
       where locked_by is not null and locked_at < now() - interval '5 seconds'
         and not exists (select from notifier n where j.locked_by = any(n.workers))`,
    );
    for (const { worker } of strays) if (!this.workers.has(worker)) dead.add(worker);
    if (dead.size === 0) return;
    await pool.query(`select ${JOB_SCHEMAS.alerts}.force_unlock_workers($1)`, [[...dead]]);
    log.warn({ workers: dead.size }, 'A notifier ended without finishing its jobs; they are taken over');
  }
}

const LEVELS: Readonly<Record<string, 'error' | 'warn' | 'debug'>> = { error: 'error', warning: 'warn', info: 'debug', debug: 'debug' };
