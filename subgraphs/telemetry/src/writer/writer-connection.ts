import { roleUrl } from '@pulsegraph/kit/postgres';
import { Client, type Pool } from 'pg';
import type { Partitions } from './partitions.js';
import { WriterSession } from './writer-session.js';

/** The session there is, or a new one on a new connection: what broke is thrown away whole. */
export class WriterConnection {
  private current: { session: WriterSession; client: Client } | null = null;

  constructor(
    private readonly databaseUrl: string,
    private readonly pool: Pool,
    private readonly partitions: Partitions,
  ) {}

  /** Null while there is none. */
  get session(): WriterSession | null {
    return this.current?.session ?? null;
  }

  async open(): Promise<WriterSession> {
    if (this.current) return this.current.session;
    const client = new Client({
      connectionString: roleUrl(this.databaseUrl, 'telemetry', 'service'),
      application_name: 'pulsegraph-telemetry-writer',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    try {
      await client.connect();
      const session = await WriterSession.open(client, this.pool, this.partitions);
      this.current = { session, client };
      return session;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  /** The group, and all that memory knew of it, is free for the next session. */
  async discard(): Promise<void> {
    const client = this.current?.client;
    this.current = null;
    await client?.end().catch(() => undefined);
  }

  private forget(client: Client): void {
    if (this.current?.client === client) this.current = null;
  }
}
