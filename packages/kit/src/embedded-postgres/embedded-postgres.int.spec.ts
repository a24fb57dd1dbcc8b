import { fork } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { eventually } from '@pulsegraph/testkit';
import { Client } from 'pg';
import { startEmbeddedPostgres } from './index.js';

const settings = { fsync: 'off', shared_buffers: '16MB' };
let folder: string;
beforeEach(async () => {
  // Mode 0700, as a clone under /root has: the server must be able to work below it.
  folder = await mkdtemp(join(tmpdir(), 'pulsegraph-embedded-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = (over = {}) => ({ dataDir: join(folder, 'data', 'postgres'), password: "it's %41 / secret", settings, ...over });

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

it('keeps its data from one start to the next, and leaves no process behind', async () => {
  const first = await startEmbeddedPostgres(options({ database: 'pulsegraph' }));
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  await expect(query(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  const second = await startEmbeddedPostgres(options({ database: 'pulsegraph' }));
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.stop();
});

it('starts again after kill -9 of the server, and over a pid file that now names a stranger', async () => {
  const first = await startEmbeddedPostgres(options());
  await query(first.url, 'create table kept as select 42 as answer');
  const pidFile = join(options().dataDir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  process.kill(Number(lines[0]), 'SIGKILL');
  await first.ended;
  await first.stop();
  // This process lives, and is no postgres.
  await writeFile(pidFile, [process.pid, ...lines.slice(1)].join('\n'));
  const second = await startEmbeddedPostgres(options());
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.stop();
});

it('comes back on its address after kill -9 where it is kept up, with all that was committed', async () => {
  const told: string[] = [];
  const server = await startEmbeddedPostgres(options({ onCrash: (message: string) => told.push(message) }));
  await query(server.url, 'create table kept as select 42 as answer');
  const [pid] = (await readFile(join(options().dataDir, 'postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGKILL');
  await server.ended;
  await eventually(async () => expect(await query(server.url, 'select answer from kept')).toEqual([{ answer: 42 }]), {
    timeoutMs: 60_000,
  });
  expect(told).toContain('Postgres ended; starting it again');
  await server.stop();
  await expect(query(server.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
});

it('stops what an owner that was killed left running, and takes over', async () => {
  const first = await startEmbeddedPostgres(options());
  await query(first.url, 'create table kept as select 42 as answer');
  // As after kill -9 of another process: a live server, and an owner that is gone.
  await writeFile(`${options().dataDir}.owner`, '999999999 1');
  const second = await startEmbeddedPostgres(options());
  await first.ended;
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.stop();
});

it('does not touch the server of an owner that lives', async () => {
  const owner = fork(join(__dirname, 'no-such-module.js'), { execArgv: ['-e', 'setInterval(() => {}, 1000)'], stdio: 'ignore' });
  try {
    const first = await startEmbeddedPostgres(options());
    const stat = await readFile(`/proc/${owner.pid}/stat`, 'utf8');
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    await writeFile(`${options().dataDir}.owner`, `${owner.pid} ${startedAt}`);
    await expect(startEmbeddedPostgres(options())).rejects.toThrow(`Another process (${owner.pid}) is using the data folder`);
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await first.stop();
  } finally {
    owner.kill('SIGKILL');
    await eventually(() => expect(owner.signalCode).toBe('SIGKILL'));
  }
});

/** Whether every folder on the way lets everybody pass. */
async function reachableByAll(path: string): Promise<boolean> {
  const open = ((await stat(path)).mode & 0o001) !== 0;
  return open && (path === dirname(path) || reachableByAll(dirname(path)));
}

(userInfo().uid === 0 ? it : it.skip)('runs as nobody where root may not make user namespaces', async () => {
  await chmod(folder, 0o755);
  if (!(await reachableByAll(__dirname))) {
    // A clone below a private folder: nobody cannot run the program there, and is told so.
    await expect(startEmbeddedPostgres(options({ userNamespaces: false }))).rejects.toThrow(
      /move the program to a folder that everybody may read/,
    );
    return;
  }
  // A folder made so is opened so again, namespaces or not.
  for (const userNamespaces of [false, true]) {
    const server = await startEmbeddedPostgres(options({ userNamespaces }));
    try {
      expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect((await stat(options().dataDir)).uid).toBe(65_534);
    } finally {
      await server.stop();
    }
  }
});

it('says in one sentence what is wrong with the data folder or its password', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(startEmbeddedPostgres(options({ dataDir: join(folder, 'file', 'postgres') }))).rejects.toThrow(
    /^The data folder .* is not writable \(E[A-Z]+\): set DATA_DIR to a folder that is\.$/,
  );
  await mkdir(join(folder, 'data'), { recursive: true });
  await (await startEmbeddedPostgres(options())).stop();
  await expect(startEmbeddedPostgres(options({ password: 'another' }))).rejects.toThrow(
    /^The database in DATA_DIR was made with another password/,
  );
});
