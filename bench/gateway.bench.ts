import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { startContenders, type Contender } from './gateway/contenders.js';
import { HIVE_VERSIONS } from './gateway/hive-install.js';
import type { LoadResult } from './gateway/load-process.js';
import { bodiesOf, SHAPES, type Shape } from './gateway/shapes.js';
import { cpuUsedUs } from './measure/cpu.js';
import { median, quantile, rounded } from './measure/statistics.js';
import { Worker } from './worker/worker.js';

interface Run {
  requestsPerSecond: number;
  cpuUsPerRequest: number;
  subgraphCpuUsPerRequest: number;
  p50Ms: number;
  p99Ms: number;
}

/**
 * CPU per request and requests per second of @apollo/gateway, Hive Gateway, ours with the subgraphs elsewhere, and ours with
 * the subgraphs in its process. `in-process` is counted whole; what its subgraphs cost without a gateway stands beside it.
 */
export async function benchGateway(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      'warm-up': { type: 'string', default: '2' },
      connections: { type: 'string', default: '16' },
      shape: { type: 'string', multiple: true, default: SHAPES.map(({ name }) => name) },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  const settings = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values['warm-up']),
    connections: Number(values.connections),
  };
  const shapes = SHAPES.filter(({ name }) => values.shape.includes(name));

  const folder = mkdtempSync(join(tmpdir(), 'pulsegraph-bench-'));
  const subgraphs = new Worker('gateway/subgraph-process');
  const load = new Worker('gateway/load-process');
  const contenders: Contender[] = [];
  try {
    const supergraphFile = join(folder, 'supergraph.graphql');
    writeFileSync(supergraphFile, await subgraphs.call<string>('start'));
    contenders.push(...(await startContenders(supergraphFile, values.without)));

    const results = [];
    for (const shape of shapes) {
      const subgraphCostUs = await checkAnswers(shape, contenders, subgraphs);
      for (const distinct of [false, true]) {
        const runs = new Map<string, Run[]>(contenders.map(({ name }) => [name, []]));
        for (let round = 0; round < settings.rounds; round += 1) {
          for (let turn = 0; turn < contenders.length; turn += 1) {
            const contender = contenders[(round + turn) % contenders.length]!;
            const run = await measure(contender, shape, distinct, subgraphs, load, settings);
            runs.get(contender.name)!.push(run);
            console.log(
              `${shape.name}, ${distinct ? 'distinct' : 'identical'}, round ${round + 1}, ${contender.name}: ` +
                `${run.cpuUsPerRequest} µs, ${run.requestsPerSecond}/s, p99 ${run.p99Ms} ms`,
            );
          }
        }
        const medians = Object.fromEntries([...runs].map(([name, each]) => [name, summary(each)]));
        results.push({
          shape: shape.name,
          variables: distinct ? 'distinct' : 'identical',
          subgraphCostUs,
          medians,
          runs: Object.fromEntries(runs),
        });
      }
    }
    print(results);
    return { settings, hive: HIVE_VERSIONS, results };
  } finally {
    await Promise.all([...contenders.map(({ stop }) => stop()), load.stop(), subgraphs.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All contenders give the same answer, from as many fetches as the plan has. @returns CPU of executing those fetches alone, µs. */
async function checkAnswers(shape: Shape, contenders: readonly Contender[], subgraphs: Worker): Promise<number> {
  const [body] = bodiesOf(shape, false);
  let expected: unknown;
  let costUs = NaN;
  for (const { name, url } of contenders) {
    await subgraphs.call('record');
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answer = (await response.json()) as { errors?: unknown; extensions?: unknown };
    if (answer.errors ?? answer.extensions) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    expected ??= answer;
    if (!isDeepStrictEqual(answer, expected))
      throw new Error(`${name} answers ${shape.name} differently: ${JSON.stringify(answer).slice(0, 500)}`);
    const fetches = await subgraphs.call<unknown[]>('recorded');
    if (name === 'in-process') continue;
    if (fetches.length !== shape.fetches)
      throw new Error(`${name} made ${fetches.length} fetches for ${shape.name}, not ${shape.fetches}: ${JSON.stringify(fetches)}`);
    if (name === 'remote') costUs = rounded(await subgraphs.call<number>('executionCostUs', fetches), 0);
  }
  return costUs;
}

async function measure(
  { name, url, pid }: Contender,
  shape: Shape,
  distinct: boolean,
  subgraphs: Worker,
  load: Worker,
  { seconds, warmUpSeconds, connections }: { seconds: number; warmUpSeconds: number; connections: number },
): Promise<Run> {
  await load.call('prepare', { url, bodies: bodiesOf(shape, distinct), connections, warmUpSeconds });
  const fetchesBefore = await subgraphs.call<number>('fetches');
  const [cpuBefore, subgraphCpuBefore] = [cpuUsedUs([pid]), cpuUsedUs([subgraphs.pid])];
  const result = await load.call<LoadResult>('load', seconds);
  const [cpuAfter, subgraphCpuAfter] = [cpuUsedUs([pid]), cpuUsedUs([subgraphs.pid])];
  const fetches = (await subgraphs.call<number>('fetches')) - fetchesBefore;
  const expected = name === 'in-process' ? 0 : result.requests * shape.fetches;
  if (fetches !== expected) throw new Error(`${name} made ${fetches} fetches for ${result.requests} requests, not ${expected}`);
  return {
    requestsPerSecond: Math.round(result.requests / result.seconds),
    cpuUsPerRequest: Math.round((cpuAfter - cpuBefore) / result.requests),
    subgraphCpuUsPerRequest: Math.round((subgraphCpuAfter - subgraphCpuBefore) / result.requests),
    p50Ms: rounded(quantile(result.latenciesMs, 0.5), 1),
    p99Ms: rounded(quantile(result.latenciesMs, 0.99), 1),
  };
}

const KEYS = ['requestsPerSecond', 'cpuUsPerRequest', 'subgraphCpuUsPerRequest', 'p50Ms', 'p99Ms'] as const;
const summary = (runs: readonly Run[]) =>
  Object.fromEntries(KEYS.map((key) => [key, median(runs.map((run) => run[key]))])) as unknown as Run;

interface Result {
  shape: string;
  variables: string;
  subgraphCostUs: number;
  medians: Record<string, Run>;
}

function print(results: readonly Result[]): void {
  console.log('\nMedians. CPU per request, µs: of the gateway, its ratio to @apollo/gateway, and of gateway and subgraphs together.');
  for (const { shape, variables, subgraphCostUs, medians } of results) {
    console.log(`\n${shape}, ${variables} variables (executing its fetches without any gateway: ${subgraphCostUs} µs)`);
    const apollo = medians.apollo?.cpuUsPerRequest ?? NaN;
    for (const [name, { cpuUsPerRequest, subgraphCpuUsPerRequest, requestsPerSecond, p99Ms }] of Object.entries(medians)) {
      console.log(
        `  ${name.padEnd(12)}${String(cpuUsPerRequest).padStart(6)} µs  × ${(cpuUsPerRequest / apollo).toFixed(2)}  ` +
          `together ${String(cpuUsPerRequest + subgraphCpuUsPerRequest).padStart(6)} µs  ` +
          `${String(requestsPerSecond).padStart(6)}/s  p99 ${p99Ms} ms`,
      );
    }
  }
}
