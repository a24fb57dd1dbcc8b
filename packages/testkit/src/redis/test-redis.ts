import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endServer, findProgram, runServer } from '../programs/programs.js';
import { eventually } from '../waits/eventually.js';
import { freePort } from '../waits/free-port.js';

export interface TestRedis {
  /** Known once beforeAll has run; the same after a restart. */
  readonly url: string;
  /** Differs per call of `testRedis`. */
  readonly prefix: string;
  /** A client that is closed at the end. */
  connect(): Redis;
  /** Ends the server as `kill` would; data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
}

export interface TestRedisOptions {
  /** Settings over the defaults, which are those the event log asks for. */
  settings?: Readonly<Record<string, string>>;
}

/** A real Redis for this test file (or describe). Wrap in `describeWith(['redis-server'], …)`. */
export function testRedis({ settings = {} }: TestRedisOptions = {}): TestRedis {
  const prefix = `test:${randomBytes(4).toString('hex')}:`;
  const clients: Redis[] = [];
  let folder = '';
  let port = 0;
  let server: ReturnType<typeof runServer> | undefined;

  const url = () => {
    if (!port) throw new Error('testRedis is ready only after beforeAll.');
    return `redis://127.0.0.1:${port}`;
  };
  const start = async () => {
    const all = {
      appendonly: 'yes',
      'maxmemory-policy': 'noeviction',
      save: '',
      dir: folder,
      bind: '127.0.0.1',
      port: String(port),
      ...settings,
    };
    const started = runServer(
      findProgram('redis-server'),
      Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    );
    server = started;
    const probe = new Redis(url(), { lazyConnect: true, retryStrategy: () => 20 });
    probe.on('error', () => undefined);
    try {
      await eventually(async () => {
        if (started.process.exitCode !== null) throw new Error(`redis-server ended: ${started.output()}`);
        await probe.ping();
      });
    } finally {
      probe.disconnect();
    }
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (server) await endServer(server.process, signal);
    server = undefined;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulsegraph-redis-'));
    port = await freePort();
    await start();
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await stop('SIGKILL');
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  return {
    get url() {
      return url();
    },
    prefix,
    connect: () => {
      const client = new Redis(url());
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    stop,
    start,
  };
}
