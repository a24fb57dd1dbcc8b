import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Balance } from '../bench/ledger/sequence-ledger.js';
import { ROOT, runProcess } from './stack/process.js';

interface Ledger {
  ok: boolean;
  balance: Balance;
}

beforeAll(async () => {
  const build = runProcess('tsc', ['-b', 'bench'], {});
  if ((await build.ended) !== 0) throw new Error(build.output());
}, 180_000);

/** The short mode of a bench, as `npm run bench -- NAME --short` runs it once it is built. */
async function ledgerOf(name: string): Promise<Ledger> {
  const running = runProcess('node', ['--expose-gc', 'bench/dist/bench/main.js', name, '--short'], {});
  const code = await running.ended;
  if (code !== 0) throw new Error(running.output());
  return JSON.parse(readFileSync(join(ROOT, 'bench', 'results', `${name}-short.json`), 'utf8')) as Ledger;
}

it('changes of the supergraph cut off nobody, and no event is lost or comes twice', async () => {
  const { ok, balance } = await ledgerOf('reload');
  expect(balance).toMatchObject({ clients: 100, disconnects: 0, lost: 0, repeated: 0, faults: 0 });
  expect(ok).toBe(true);
}, 180_000);

it('a restart that cuts off everybody at once costs nobody an event, whether the gateway could say so or not', async () => {
  const { balance } = await ledgerOf('storm');
  expect(balance).toMatchObject({ clients: 300, disconnects: 600, lost: 0, repeated: 0, faults: 0 });
}, 180_000);

it('a subgraph that is killed, Redis and the gateway restarted cost no subscription an event', async () => {
  const { balance } = await ledgerOf('chaos');
  expect(balance).toMatchObject({ clients: 10, lost: 0, repeated: 0, faults: 0 });
}, 240_000);
