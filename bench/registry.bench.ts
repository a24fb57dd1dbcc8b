import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { UsageReport } from '@pulsegraph/contracts';
import { publicKeyOf } from '@pulsegraph/kit/artifact';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { coordinatesOf } from '@pulsegraph/kit/graphql';
import { provisionDatabase, roleName } from '@pulsegraph/kit/postgres';
import { RegistryClient, compose } from '@pulsegraph/schema';
import { buildSchema, parse } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { median, rounded } from './measure/statistics.js';
import { SUBGRAPHS, largeGraph, largeOperations, type LargeSubgraph } from './registry/large-graph.js';
import { Worker } from './worker/worker.js';

const OPEN_DOCUMENTS = [
  'subscription A { ticks { n } }',
  'subscription B { ticks { n asset { id } } }',
  'subscription C { ticks { n __typename } }',
];
const PER_SOCKET = 50;
const TICK_MS = 250;

/** How long a check takes, and how long until a publish is served, while subscriptions are open. */
export async function benchRegistry(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      types: { type: 'string', default: '400' },
      operations: { type: 'string', default: '2000' },
      subscriptions: { type: 'string', default: '1000' },
    },
  });
  const [rounds, types, operations, subscriptions] = [values.rounds, values.types, values.operations, values.subscriptions].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-bench-registry-'));
  const secret = () => randomBytes(24).toString('hex');
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), password: secret(), database: 'pulsegraph' });
  const workers = { registry: new Worker('registry/registry-process'), gateway: new Worker('registry/gateway-process') };
  const clients: Client[] = [];
  try {
    const password = secret();
    await provisionDatabase({ adminUrl: postgres.url, subgraphs: [{ name: 'registry', password }] });
    const databaseUrl = new URL(postgres.url);
    databaseUrl.username = roleName('registry', 'migrator');
    databaseUrl.password = password;
    const [token, adminKey] = [secret(), secret()];
    const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const url = await workers.registry.call<string>('start', { databaseUrl: databaseUrl.href, internalToken: token, adminKey, signingKey });
    const registry = new RegistryClient(url, adminKey);

    const graph = largeGraph(types);
    for (const name of SUBGRAPHS) await publish(registry, name, graph[name]);
    await reportOperations(url, token, graph, operations, types);
    const socketUrl = await workers.gateway.call<string>('start', {
      registryUrl: url,
      token,
      publicKey: publicKeyOf(signingKey),
      liveSdl: graph.live,
    });
    const seen = openSubscriptions(socketUrl, subscriptions, clients);
    await until('every subscription is open', async () => (await openCount(registry, graph)) === subscriptions);

    const checksMs: number[] = [];
    const publishesMs: number[] = [];
    let looked: object = {};
    await workers.gateway.call('tick', TICK_MS);
    for (let round = 0; round < rounds; round += 1) {
      // Each proposal is new, and takes something away: every known operation is tried on it.
      const sdl = `${graph.works.replace('type Query {', `type Query {\n  "Round ${round}."\n  round${round}: Int`).replace(`  spare${round}: Int\n`, '')}`;
      let startedAt = performance.now();
      const report = await registry.check('works', { sdl, author: 'bench' });
      checksMs.push(performance.now() - startedAt);
      looked = report.looked;
      if (report.verdict !== 'passed') throw new Error(report.text);
      startedAt = performance.now();
      const { graphVersion } = await publish(registry, 'works', sdl);
      await workers.gateway.call('served', graphVersion);
      publishesMs.push(performance.now() - startedAt);
    }
    const published = await workers.gateway.call<number>('pause');
    await until('every subscription has every tick', () => Promise.resolve(seen.every(({ last }) => last === published)));
    const disturbed = seen.filter(({ ended, missed }) => ended || missed > 0).length;
    const result = {
      types,
      looked,
      checkMs: { first: rounded(checksMs[0]!, 0), median: rounded(median(checksMs), 0), max: rounded(Math.max(...checksMs), 0) },
      publishToServedMs: { median: rounded(median(publishesMs), 0), max: rounded(Math.max(...publishesMs), 0) },
      subscriptions: { open: subscriptions, ticks: published, disturbed },
    };
    console.log(
      `\n${types} types, ${operations} known operations: check first ${result.checkMs.first} ms, median ${result.checkMs.median} ms, max ${result.checkMs.max} ms` +
        `\npublish until served by the gateway: median ${result.publishToServedMs.median} ms, max ${result.publishToServedMs.max} ms` +
        `\n${subscriptions} open subscriptions, ${published} events through ${rounds} publishes: ${disturbed} disturbed`,
    );
    if (disturbed > 0) throw new Error(`${disturbed} subscriptions were disturbed.`);
    return result;
  } finally {
    await Promise.all(clients.map(async (client) => client.dispose()));
    await Promise.all(Object.values(workers).map((worker) => worker.stop()));
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function publish(registry: RegistryClient, name: LargeSubgraph, sdl: string) {
  const { version } = await registry.current(name);
  return registry.publish(name, { sdl, url: `http://127.0.0.1:1/${name}`, base: version, author: 'bench' });
}

async function reportOperations(
  url: string,
  token: string,
  graph: Record<LargeSubgraph, string>,
  count: number,
  types: number,
): Promise<void> {
  const schema = buildSchema(compose(SUBGRAPHS.map((name) => ({ name, url: `http://127.0.0.1:1/${name}`, sdl: graph[name] }))).apiSdl);
  const operations = largeOperations(count, types).map(({ name, document }) => ({
    name,
    document,
    signature: createHash('sha256').update(document).digest('hex'),
    coordinates: coordinatesOf(schema, parse(document)),
  }));
  const report: UsageReport = {
    gatewayId: 'traffic',
    servedVersion: null,
    atMs: Date.now(),
    operations,
    tallies: operations.map(({ signature }, index) => ({
      signature,
      client: `client-${index % 7}`,
      clientVersion: '1.0',
      count: 1 + (index % 100),
      errors: 0,
      durationMs: 10,
    })),
    open: [],
    dropped: 0,
  };
  const response = await fetch(`${url}/v1/usage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(report),
  });
  if (!response.ok) throw new Error(`the registry answered ${response.status}: ${await response.text()}`);
}

interface Seen {
  last: number;
  missed: number;
  ended: boolean;
}

function openSubscriptions(url: string, count: number, clients: Client[]): Seen[] {
  return Array.from({ length: count }, (_, index) => {
    if (index % PER_SOCKET === 0)
      clients.push(createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false, onNonLazyError: () => undefined }));
    const seen: Seen = { last: 0, missed: 0, ended: false };
    clients.at(-1)!.subscribe<{ ticks: { n: number } }>(
      { query: OPEN_DOCUMENTS[index % OPEN_DOCUMENTS.length]! },
      {
        next: ({ data }) => {
          const n = data?.ticks.n ?? -1;
          if (n !== seen.last + 1) seen.missed += 1;
          seen.last = n;
        },
        error: () => (seen.ended = true),
        complete: () => (seen.ended = true),
      },
    );
    return seen;
  });
}

/** As the check counts them. */
async function openCount(registry: RegistryClient, graph: Record<LargeSubgraph, string>): Promise<number> {
  return (await registry.check('works', { sdl: graph.works, author: 'bench', busiest: 0 })).looked.openSubscriptions;
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await done());) {
    if (Date.now() > deadline) throw new Error(`Waited two minutes in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
