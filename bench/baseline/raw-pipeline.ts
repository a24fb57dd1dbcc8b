import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { freePort } from '@pulsegraph/testkit';
import { Client } from 'pg';

/** Mosquitto with nothing held back, a bare reader, Postgres with one keyed table partitioned by day. */
export class RawPipeline {
  private storedCount = 0;

  private constructor(
    readonly mqttPort: number,
    private readonly folder: string,
    private readonly broker: ChildProcess,
    private readonly reader: ChildProcess,
    private readonly postgres: EmbeddedPostgres,
    private readonly database: Client,
    readonly postmasterPid: number,
  ) {
    reader.on('message', (stored: number) => (this.storedCount = stored));
  }

  static async start(): Promise<RawPipeline> {
    const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-baseline-'));
    const mqttPort = await freePort();
    const conf = join(folder, 'mosquitto.conf');
    await writeFile(
      conf,
      `listener ${mqttPort} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\nuser ${userInfo().username}\n`,
    );
    const broker = spawn('mosquitto', ['-c', conf], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
    // The same settings as standalone's own server, so that only the work differs.
    const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), password: 'baseline' });
    const database = new Client({ connectionString: postgres.url });
    await database.connect();
    await database.query(
      `create table reading (series_id int8, recorded_at timestamptz, value float8, primary key (series_id, recorded_at) include (value)) partition by range (recorded_at)`,
    );
    for (let day = -2; day <= 2; day++) {
      const at = (offset: number) => new Date(Math.floor(Date.now() / 86_400_000 + day + offset) * 86_400_000).toISOString();
      await database.query(`create table reading_${day + 2} partition of reading for values from ('${at(0)}') to ('${at(1)}')`);
    }
    const { rows } = await database.query<{ pid: number }>(`select pg_backend_pid() as pid`);
    const reader = fork(join(__dirname, 'raw-reader.js'), [String(mqttPort), postgres.url]);
    await once(reader, 'message');
    return new RawPipeline(mqttPort, folder, broker, reader, postgres, database, await parentOf(rows[0]!.pid));
  }

  get pids(): number[] {
    return [this.broker.pid!, this.reader.pid!, this.postmasterPid];
  }

  /** Committed, as its reader says. */
  get stored(): number {
    return this.storedCount;
  }

  async stop(): Promise<void> {
    this.reader.kill();
    this.broker.kill();
    await this.database.end();
    await this.postgres.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function parentOf(pid: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
