import type { Log } from '@pulsegraph/kit/log';
import { Client } from 'pg';

const RECONNECT_MS = 1_000;

/** Wakes whoever waits for a new graph, whichever registry made it. */
export class GraphWatch {
  private client: Client | undefined;
  /** Nobody needs to wait any longer. */
  stopped = false;
  private again: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly connectionString: string,
    private readonly log: Log,
  ) {}

  /** @throws when the database does not answer; later it is asked again and again. */
  async start(): Promise<void> {
    const client = new Client({ connectionString: this.connectionString, application_name: 'pulsegraph-registry-watch' });
    client.on('notification', () => this.wake());
    // An error is followed by the end of the connection, or of the attempt to make one.
    client.on('error', (error) => this.log.warn({ err: error }, 'The connection that listens for new graphs broke'));
    await client.connect();
    client.once('end', () => this.startAgain());
    await client.query('listen registry_graph');
    this.client = client;
    // What came while nobody listened.
    this.wake();
  }

  /** @returns after the next change, or after `forMs`, or when the caller gives up. */
  next(forMs: number, given: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        given.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, forMs);
      given.addEventListener('abort', done);
      this.waiting.add(done);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.again);
    this.wake();
    await this.client?.end();
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }

  private startAgain(): void {
    if (this.stopped) return;
    this.again = setTimeout(() => void this.start().catch(() => this.startAgain()), RECONNECT_MS);
    this.again.unref();
  }
}
