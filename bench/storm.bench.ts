import { parseArgs } from 'node:util';
import { clean, type Balance } from './ledger/sequence-ledger.js';
import { LedgerStage, sentence, until } from './ledger/stage.js';
import type { Load } from './ledger/subgraph-process.js';
import { rounded } from './measure/statistics.js';

interface Storm {
  how: 'shut down' | 'killed';
  /** From the moment the gateway listens again to the first event of the last client. */
  lastLiveMs: number;
  /** Connected again after so many ms, by share of clients. */
  connectedMs: Record<'half' | 'most' | 'all', number>;
  subgraphSubscriptions: number;
  subgraphEntities: number;
  /** Subscriptions opened and entities asked for within the worst second; beside that of a second without a storm. */
  subgraphPeakPerSecond: number;
  usualPeakPerSecond: number;
  groupsAfter: number;
}

/** Every client loses its connection at once and comes back: told when to by a gateway that ends in order, untold by one that is killed. */
export async function benchStorm(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: 'boolean', default: false },
      clients: { type: 'string' },
      lines: { type: 'string' },
      rate: { type: 'string', default: '1' },
    },
  });
  const { short } = values;
  const clients = Number(values.clients ?? (short ? 300 : 10_000));
  const lines = Number(values.lines ?? (short ? 5 : 20));
  const stage = new LedgerStage({ clients, lines, eventsPerSecond: Number(values.rate) });
  try {
    await stage.open();
    const storms: Storm[] = [];
    for (const how of ['shut down', 'killed'] as const) storms.push(await storm(stage, how, lines));
    const balance = await stage.settle();
    const result = { ok: clean(balance), short, clients, lines, eventsPerSecond: Number(values.rate), balance, storms };
    print(storms, balance);
    return result;
  } finally {
    await stage.close();
  }
}

async function storm(stage: LedgerStage, how: Storm['how'], lines: number): Promise<Storm> {
  await stage.load();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const before = await stage.load();
  if (how === 'shut down') await stage.shutDownGateway();
  else await stage.killGateway();
  await stage.startGateway();
  const startedAt = await stage.now();
  const connectedMs = { half: NaN, most: NaN, all: NaN };
  await until('every client is back', async () => {
    const { connected, heard, clients } = await stage.progress(startedAt);
    const nowMs = Math.round((await stage.now()) - startedAt);
    for (const [name, share] of [
      ['half', 0.5],
      ['most', 0.95],
      ['all', 1],
    ] as const)
      if (Number.isNaN(connectedMs[name]) && connected >= share * clients) connectedMs[name] = nowMs;
    return heard === clients;
  });
  const lastLiveMs = Math.round((await stage.now()) - startedAt);
  const after = await stage.load();
  // Those that were replayed to join the others: one stream for each line is left.
  await until('everybody shares again', async () => (await stage.sharing()).groups === lines);
  const { groups } = await stage.sharing();
  return { how, lastLiveMs, connectedMs, ...loadOf(before, after), groupsAfter: groups };
}

const loadOf = (before: Load, after: Load) => ({
  subgraphSubscriptions: after.subscriptions - before.subscriptions,
  subgraphEntities: after.entities - before.entities,
  subgraphPeakPerSecond: after.peakPerSecond,
  usualPeakPerSecond: before.peakPerSecond,
});

function print(storms: readonly Storm[], balance: Balance): void {
  for (const each of storms) {
    console.log(
      `\nGateway ${each.how}: half of the clients connected again after ${seconds(each.connectedMs.half)} s, 95 % after ` +
        `${seconds(each.connectedMs.most)} s, all after ${seconds(each.connectedMs.all)} s; the last one live after ${seconds(each.lastLiveMs)} s\n` +
        `  the subgraphs were asked for ${each.subgraphSubscriptions} subscriptions and ${each.subgraphEntities} entities, at most ` +
        `${each.subgraphPeakPerSecond} in a second (without a storm ${each.usualPeakPerSecond}); ${each.groupsAfter} groups share at the end`,
    );
  }
  console.log(`\n${sentence(balance)}`);
}

const seconds = (ms: number) => rounded(ms / 1_000, 1);
