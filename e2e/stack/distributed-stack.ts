import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { eventually, freePort } from '@pulsegraph/testkit';
import { connectAsync } from 'mqtt';
import { signIn } from '../client/graphql-client.js';
import { readCompose, type ComposeService } from './compose-file.js';
import { runProcess, waitUntilReady, type RunningProcess } from './process.js';
import type { Stack } from './stack.js';
import { DEMO_PASSWORD } from './standalone-stack.js';

export interface DistributedStack extends Stack {
  /** Ends one service as an operator's worst day would, or by another signal. */
  kill(service: string, signal?: NodeJS.Signals): Promise<void>;
  /** Brings it back on its port and its data; resolves when it is ready. */
  start(service: string): Promise<void>;
  /** A second process of the service beside the first, on a port of its own; ends with the stack at the latest. */
  replicate(service: string): Promise<RunningProcess>;
  isRunning(service: string): boolean;
  output(service: string): string;
}

export interface DistributedOptions {
  /** Variables beside those of docker-compose.yml, by service. */
  environment?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where Postgres, Redis and Mosquitto keep their data; a new folder by default. Removed at the end. */
  folder?: string;
}

/** Containers that are no part of ours: started here from what this machine has, on a port of their own. */
const STORES = ['postgres', 'redis', 'mosquitto'];
/** Ports by which services of the file know each other. */
const STORE_PORTS: Record<string, number> = { postgres: 5432, redis: 6379, mosquitto: 1883 };

/** Every service of docker-compose.yml as a process here: its command, its environment, with hosts and ports replaced. */
export async function startDistributed(options: DistributedOptions = {}): Promise<DistributedStack> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return await assemble(options, ends, stop);
  } catch (error) {
    // What has started must not outlive a start that failed.
    await stop();
    throw error;
  }
}

async function assemble(
  options: DistributedOptions,
  ends: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<DistributedStack> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'pulsegraph-distributed-')));
  const secret = () => randomBytes(24).toString('hex');
  const variables: Record<string, string> = { DEMO: 'on', DEMO_PASSWORD, LOG_LEVEL: 'warn' };
  for (const name of ['POSTGRES', 'REDIS', 'MOSQUITTO_ADMIN'].map((store) => `${store}_PASSWORD`)) variables[name] = secret();
  for (const owner of ['USERS', 'DEVICES', 'TELEMETRY', 'ALERTS', 'REGISTRY']) variables[`${owner}_DATABASE_PASSWORD`] = secret();
  variables.VIEWER_KEY = secret();
  variables.INTERNAL_TOKEN = secret();
  variables.REGISTRY_ADMIN_KEY = secret();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  variables.REGISTRY_SIGNING_KEY = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  variables.REGISTRY_PUBLIC_KEY = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  variables.SUPERGRAPH_CACHE = join(folder, 'supergraph.json');

  const services = readCompose(variables).filter(({ profiles }) => profiles.length === 0);
  const ports = new Map<string, number>();
  for (const { name } of services) ports.set(name, await freePort());

  let postgresRuns = false;
  const startPostgres = async (port?: number) => {
    const server = await startEmbeddedPostgres({
      dataDir: join(folder, 'postgres'),
      password: variables.POSTGRES_PASSWORD!,
      database: 'pulsegraph',
      settings: { fsync: 'off' },
      port,
    });
    postgresRuns = true;
    void server.ended.then(() => (postgresRuns = false));
    return server;
  };
  let postgres = await startPostgres();
  ends.push(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });
  ports.set('postgres', Number(new URL(postgres.url).port));
  const killPostgres = async () => {
    process.kill(Number((await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
    await postgres.ended;
    await postgres.stop();
  };

  const processes = new Map<string, RunningProcess>();
  const end = async (name: string) => void (await processes.get(name)?.end('SIGTERM'));
  const parts = services.map(({ name }) => name).filter((name) => !STORES.includes(name) && name !== 'database-init');
  for (const names of [STORES, parts]) ends.push(() => Promise.all(names.map(end)));
  const localised = (service: ComposeService) => localise(service, services, ports);
  const start = async (name: string) => {
    const service = localised(services.find((each) => each.name === name)!);
    const [command, ...args] = service.command;
    const running = runProcess(command!, args, { ...service.environment, ...options.environment?.[name] });
    processes.set(name, running);
    return { running, service };
  };
  const startReady = async (name: string) => {
    const { running } = await start(name);
    await waitUntilReady(`http://127.0.0.1:${ports.get(name)}`, running);
  };

  await startRedis(services, ports, folder, processes);
  await startMosquitto(services, ports, folder, processes, variables);
  const { running: init } = await start('database-init');
  if ((await init.ended) !== 0) throw new Error(`database-init failed:\n${init.output()}`);
  // The gateway's first start needs a published graph, as `depends_on` says.
  await startReady('registry');
  await Promise.all(parts.filter((name) => name !== 'registry').map(startReady));

  const url = `http://127.0.0.1:${ports.get('gateway')}`;
  return {
    url,
    mqttUrl: `mqtt://127.0.0.1:${ports.get('mosquitto')}`,
    password: DEMO_PASSWORD,
    signIn: (account) => signIn(url, `${account}@demo.test`, DEMO_PASSWORD),
    kill: async (service, signal = 'SIGKILL') => {
      if (service === 'postgres') await killPostgres();
      else await processes.get(service)?.end(signal);
    },
    start: async (service) => {
      if (service === 'postgres') postgres = await startPostgres(ports.get('postgres'));
      else if (service === 'redis') await startRedis(services, ports, folder, processes);
      else await startReady(service);
    },
    replicate: async (service) => {
      const { command, environment } = localised(services.find(({ name }) => name === service)!);
      const port = await freePort();
      const running = runProcess(command[0]!, command.slice(1), {
        ...environment,
        ...options.environment?.[service],
        PORT: String(port),
      });
      ends.push(() => running.end('SIGTERM'));
      await waitUntilReady(`http://127.0.0.1:${port}`, running);
      return running;
    },
    isRunning: (service) => {
      if (service === 'postgres') return postgresRuns;
      const child = processes.get(service)?.child;
      return child !== undefined && child.exitCode === null && child.signalCode === null;
    },
    output: (service) => processes.get(service)?.output() ?? '',
    stop,
  };
}

/** Replaces `host:port` of every service by where it runs here, and its own PORT. */
function localise(service: ComposeService, services: readonly ComposeService[], ports: ReadonlyMap<string, number>): ComposeService {
  const environment = Object.fromEntries(
    Object.entries(service.environment).map(([key, value]) => {
      let text = key === 'PORT' ? String(ports.get(service.name)) : value;
      for (const peer of services) {
        const port = STORE_PORTS[peer.name] ?? peer.environment.PORT;
        if (port !== undefined) text = text.replaceAll(`${peer.name}:${port}`, `127.0.0.1:${ports.get(peer.name)}`);
      }
      // What the outside world would use: published ports.
      text = text
        .replaceAll('localhost:1883', `127.0.0.1:${ports.get('mosquitto')}`)
        .replaceAll('localhost:4000', `127.0.0.1:${ports.get('gateway')}`);
      return [key, text];
    }),
  );
  return { ...service, environment };
}

async function startRedis(
  services: readonly ComposeService[],
  ports: ReadonlyMap<string, number>,
  folder: string,
  processes: Map<string, RunningProcess>,
): Promise<void> {
  const [command, ...args] = services.find(({ name }) => name === 'redis')!.command;
  const running = runProcess(command!, [...args, '--port', String(ports.get('redis')), '--bind', '127.0.0.1', '--dir', folder], {});
  processes.set('redis', running);
  await eventually(() => {
    if (running.child.exitCode !== null) throw new Error(running.output());
    if (!running.output().includes('Ready to accept connections')) throw new Error(`Redis is not ready:\n${running.output()}`);
  });
}

async function startMosquitto(
  services: readonly ComposeService[],
  ports: ReadonlyMap<string, number>,
  folder: string,
  processes: Map<string, RunningProcess>,
  variables: Record<string, string>,
): Promise<void> {
  const service = services.find(({ name }) => name === 'mosquitto')!;
  const running = runProcess('sh', ['deploy/mosquitto/start.sh'], {
    ...service.environment,
    MOSQUITTO_DATA: join(folder, 'mosquitto'),
    MOSQUITTO_PORT: String(ports.get('mosquitto')),
  });
  processes.set('mosquitto', running);
  const account = { username: service.environment.MOSQUITTO_ADMIN_USER, password: variables.MOSQUITTO_ADMIN_PASSWORD };
  await eventually(async () => {
    if (running.child.exitCode !== null) throw new Error(running.output());
    const client = await connectAsync(`mqtt://127.0.0.1:${ports.get('mosquitto')}`, { ...account, reconnectPeriod: 0 });
    await client.endAsync(true);
  });
}
