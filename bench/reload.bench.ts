import { parseArgs } from 'node:util';
import type { Variant } from './ledger/graph.js';
import { clean } from './ledger/sequence-ledger.js';
import { LedgerStage, sentence } from './ledger/stage.js';
import { quantile, rounded } from './measure/statistics.js';

/** A first fetch that stays, one that changes and goes on by cursor, one that changes back, a field that goes. */
const ROUND: readonly Variant[] = ['sizeMoved', 'nameAtHand', 'noteGone', 'base'];
/** Plans, shapes and code of every variant have to be there before memory is compared. */
const WARM_UP = ROUND.length;
const MOST_GROWTH = 1.1;

/** New supergraphs under live subscriptions: who is cut off, what is lost or repeated, and whether old ones are let go of. */
export async function benchReload(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: 'boolean', default: false },
      changes: { type: 'string' },
      subscriptions: { type: 'string' },
      lines: { type: 'string' },
      rate: { type: 'string', default: '2' },
    },
  });
  const { short } = values;
  const changes = Number(values.changes ?? (short ? 8 : 50));
  const subscriptions = Number(values.subscriptions ?? (short ? 100 : 1_000));
  const lines = Number(values.lines ?? (short ? 10 : 50));
  const stage = new LedgerStage({ clients: subscriptions, lines, eventsPerSecond: Number(values.rate) });
  try {
    await stage.open();
    const change = async (index: number) => {
      const tookMs = await stage.change(ROUND[index % ROUND.length]!);
      // Only a client that has got something from the new one has survived the change.
      await stage.untilHeard(await stage.now());
      return tookMs;
    };
    for (let index = 0; index < WARM_UP; index += 1) await change(index);
    const heapBefore = await stage.heapBytes();
    const tookMs: number[] = [];
    for (let index = 0; index < changes; index += 1) tookMs.push(await change(index));
    const heapAfter = await stage.heapBytes();
    const sharing = await stage.sharing();
    const balance = await stage.settle();
    const heapRatio = rounded(heapAfter / heapBefore, 3);
    const result = {
      ok: clean(balance) && balance.disconnects === 0 && heapRatio <= MOST_GROWTH,
      short,
      changes,
      subscriptions,
      lines,
      eventsPerSecond: Number(values.rate),
      balance,
      sharing,
      changeMs: { p50: rounded(quantile(tookMs, 0.5), 1), max: rounded(quantile(tookMs, 1), 1) },
      heapBytes: { before: heapBefore, after: heapAfter, ratio: heapRatio },
    };
    console.log(
      `${changes} supergraph changes; ${sentence(balance)}\n` +
        `All open operations had gone over after ${result.changeMs.p50} ms (median), ${result.changeMs.max} ms at most\n` +
        `Heap after collection: ${mebibytes(heapBefore)} MiB before, ${mebibytes(heapAfter)} MiB after (× ${heapRatio})`,
    );
    return result;
  } finally {
    await stage.close();
  }
}

const mebibytes = (bytes: number) => rounded(bytes / 2 ** 20, 1);
