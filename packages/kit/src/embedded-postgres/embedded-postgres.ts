import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, chown, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.js';
import { endLeftovers, takeOwnership } from './leftovers.js';
import { chooseLauncher, type Launcher } from './unprivileged.js';

export interface EmbeddedPostgresOptions {
  /** Holds the cluster; made, with its parents, when missing. `<dataDir>.owner` beside it names the process using it. */
  dataDir: string;
  /** Of the superuser `postgres`. Must be the same at every start on one folder. */
  password: string;
  /** Made when missing; `url` leads to it. Default `postgres`. */
  database?: string;
  /** Server settings, for example `{ fsync: 'off' }` in tests. The defaults are safe against loss of power. */
  settings?: Readonly<Record<string, string>>;
  /** False: as root, do as on a machine that refuses user namespaces. Default true. */
  userNamespaces?: boolean;
  /** Default: a free one, another at each start. */
  port?: number;
  /** Starts it again, on the same port, whenever it ends unasked: killed, or out of disk. Told of each end. Default: leave it. */
  onCrash?: (message: string) => void;
}

export interface EmbeddedPostgres {
  /** Superuser's connection, TCP on loopback. */
  url: string;
  /** Fast shutdown: ends sessions, writes everything down, waits until the server is gone. */
  stop(): Promise<void>;
  /** Resolves when the server has ended, asked or not. */
  ended: Promise<void>;
}

const START_DEADLINE_MS = 60_000;
const START_ATTEMPTS = 3;
const RESTART_PAUSE_MS = 1_000;
const DEFAULT_SETTINGS = { max_connections: '200', shared_buffers: '128MB', max_wal_size: '2GB', timezone: 'UTC', log_timezone: 'UTC' };

/**
 * A PostgreSQL server of our own. Takes over after a kill -9 of an earlier owner. Every fault is one sentence that says
 * what to do, naming DATA_DIR where the folder is at fault.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const binaries = findPostgresBinaries();
  await ensureWritable(dirname(dataDir));
  const launcher = await chooseLauncher(dataDir, binaries.postgres, options.userNamespaces ?? true);
  const release = await takeOwnership(dataDir);
  try {
    await initialise(dataDir, options, binaries, launcher);
    await endLeftovers(dataDir);
    const server = await startServer(dataDir, options, binaries, launcher, options.port);
    const url = await ensureDatabase(server, options);
    const { onCrash } = options;
    const kept = onCrash && keepUp(server, onCrash, () => startAgain(dataDir, options, binaries, launcher, server.port));
    return {
      url,
      ended: server.ended,
      stop: async () => {
        await (kept ?? server).stop();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function ensureWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
    // As root, access() says yes to everything; only writing tells.
    const probe = join(folder, `.writable-${randomUUID()}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The data folder ${folder} is not writable (${code ?? 'unknown'}): set DATA_DIR to a folder that is.`, {
      cause: error,
    });
  }
}

async function initialise(
  dataDir: string,
  { password, settings }: EmbeddedPostgresOptions,
  { initdb }: PostgresBinaries,
  { prefix, owner }: Launcher,
) {
  const exists = await access(join(dataDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (exists) return;
  // Made beside its place and moved there whole: an interrupted first start leaves nothing that looks finished.
  const unfinished = `${dataDir}.unfinished`;
  const passwordFile = `${dataDir}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    await mkdir(unfinished, { mode: 0o700 });
    if (owner) {
      for (const path of [unfinished, passwordFile]) await chown(path, owner.uid, owner.gid);
      // It must get through the folder around its own; what else lies there keeps its own mode.
      await chmod(dirname(dataDir), (await stat(dirname(dataDir))).mode | 0o011);
    }
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const auth = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    const child = run([
      ...prefix,
      initdb,
      `--pgdata=${unfinished}`,
      ...auth,
      ...locale,
      ...(settings?.fsync === 'off' ? ['--no-sync'] : []),
    ]);
    const [code] = (await once(child.process, 'close')) as [number | null];
    if (code !== 0) throw new Error(`Postgres could not prepare its data folder ${dataDir} (DATA_DIR): ${child.lastWords()}`);
    await rename(unfinished, dataDir);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** What stood on it keeps its address: connections are made anew, nothing else is. */
function keepUp(first: RunningServer, onCrash: (message: string) => void, startAgain: () => Promise<RunningServer>) {
  let server = first;
  let stopping = false;
  const watch = async () => {
    for (;;) {
      await server.ended;
      if (stopping) return;
      onCrash('Postgres ended; starting it again');
      while (!stopping) {
        try {
          server = await startAgain();
          break;
        } catch (error) {
          onCrash((error as Error).message);
          await sleep(RESTART_PAUSE_MS);
        }
      }
    }
  };
  const watched = watch();
  return {
    stop: async () => {
      stopping = true;
      await server.stop();
      await watched;
      // One that was starting as we were asked has come up meanwhile.
      await server.stop();
    },
  };
}

async function startAgain(
  dataDir: string,
  options: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  launcher: Launcher,
  port: number,
): Promise<RunningServer> {
  await endLeftovers(dataDir);
  return startServer(dataDir, options, binaries, launcher, port);
}

interface RunningServer {
  port: number;
  stop(): Promise<void>;
  ended: Promise<void>;
}

async function startServer(
  dataDir: string,
  { password, settings }: EmbeddedPostgresOptions,
  { postgres }: PostgresBinaries,
  { prefix }: Launcher,
  fixedPort?: number,
): Promise<RunningServer> {
  const flags = Object.entries({ ...DEFAULT_SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort ?? (await freePort());
    const child = run([...prefix, postgres, '-D', dataDir, '-h', '127.0.0.1', '-p', String(port), '-k', '', ...flags]);
    const ended = new Promise<void>((done) => {
      child.process.once('exit', () => done());
      child.process.once('error', () => done());
    });
    const endWithUs = () => child.process.kill('SIGINT');
    process.once('exit', endWithUs);
    void ended.then(() => process.off('exit', endWithUs));
    const stop = async () => {
      child.process.kill('SIGINT');
      await ended;
    };
    try {
      await untilReady(child, adminUrl(port, password));
      return { port, stop, ended };
    } catch (error) {
      await stop();
      // Another process may have taken the port, or the last children of a killed server may still be ending.
      if (attempt === START_ATTEMPTS || error instanceof WrongPasswordError) throw error;
      await sleep(500);
    }
  }
}

class WrongPasswordError extends Error {}

async function untilReady(child: RunningProgram, url: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch (error) {
      if ((error as { code?: string }).code === '28P01') {
        throw new WrongPasswordError('The database in DATA_DIR was made with another password: restore the password kept beside it.', {
          cause: error,
        });
      }
      if (child.process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`Postgres did not start: ${child.lastWords()}`, { cause: error });
      }
      await sleep(30);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function ensureDatabase({ port }: RunningServer, { password, database = 'postgres' }: EmbeddedPostgresOptions): Promise<string> {
  const url = adminUrl(port, password);
  if (database === 'postgres') return url;
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (!rowCount) await client.query(`create database ${escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
  return adminUrl(port, password, database);
}

const adminUrl = (port: number, password: string, database = 'postgres') =>
  `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

interface RunningProgram {
  process: ChildProcess;
  /** The end of what it wrote, for an error message. */
  lastWords(): string;
}

function run([program, ...args]: readonly string[]): RunningProgram {
  // Its own session: Ctrl+C in a terminal must reach us, not the database under us.
  const child = spawn(program!, args, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
  let tail = '';
  const keep = (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-2_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => (tail += error.message));
  return { process: child, lastWords: () => tail.trim().split('\n').slice(-3).join(' | ') };
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
