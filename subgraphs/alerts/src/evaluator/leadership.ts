import type { Log } from '@pulsegraph/kit/log';
import type { Pool, PoolClient } from 'pg';

const LOCK = 'alerts.evaluator-leader';
const RETRY_MS = 1_000;

/**
 * One evaluator among several does what only one should: a session lock in Postgres, which ends with its holder's
 * connection, so that a killed leader is followed within seconds.
 */
export class Leadership {
  private client: PoolClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private trying: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly log: Log,
    private readonly onGain: () => void,
  ) {}

  get held(): boolean {
    return this.client !== undefined;
  }

  async start(): Promise<void> {
    await this.attempt();
    this.timer = setInterval(() => void (this.trying = this.attempt()), RETRY_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.trying;
    // Ends the session, and with it the lock.
    this.client?.release(true);
    this.client = undefined;
  }

  private async attempt(): Promise<void> {
    if (this.client || this.stopped) return;
    let client: PoolClient | undefined;
    try {
      client = await this.pool.connect();
      const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock(hashtext($1)) as locked', [LOCK]);
      if (!rows[0]!.locked || this.stopped) return client.release(this.stopped);
      this.hold(client);
    } catch (error) {
      client?.release(true);
      this.log.warn({ err: error }, 'Could not ask for the leadership; trying again');
    }
  }

  private hold(client: PoolClient): void {
    this.client = client;
    client.once('error', () => {
      if (this.client !== client) return;
      this.client = undefined;
      client.release(true);
      this.log.warn('The leadership was lost with its connection');
    });
    this.onGain();
  }
}
