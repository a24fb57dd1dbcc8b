import { parseArgs } from 'node:util';
import { cpuUsedUs, residentBytes } from './measure/cpu.js';
import { median, rounded } from './measure/statistics.js';
import type { Latency, Tally } from './pressure/client-process.js';
import type { Pace } from './pressure/gateway-process.js';
import { Worker } from './worker/worker.js';

interface Cast {
  quick: number;
  slow: number;
  frozen: number;
}

interface Phase {
  cast: Cast;
  seconds: number;
  publishedReadings: number;
  quick: Latency;
  skipped: { slow: number[]; frozen: number[] };
  /** Of the gateway, for an event to everybody. */
  cpuUsPerEvent: number;
  /** Resident memory of the gateway, one sample a second. */
  residentMiB: number[];
  growthMiBPerMinute: number;
}

const SETTLE_SHARE = 0.25;

/** Whether clients that read slowly, or not at all, are felt by those that read: latency, memory, and exact counts of what was left out. */
export async function benchPressure(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '300' },
      quick: { type: 'string', default: '100' },
      slow: { type: 'string', default: '10' },
      frozen: { type: 'string', default: '1' },
      rate: { type: 'string', default: '30' },
      'event-bytes': { type: 'string', default: '8000' },
    },
  });
  const seconds = Number(values.seconds);
  const pace: Pace = { eventsPerSecond: Number(values.rate), readingsPerEvent: 20, eventBytes: Number(values['event-bytes']) };
  const alone: Cast = { quick: Number(values.quick), slow: 0, frozen: 0 };
  const together: Cast = { ...alone, slow: Number(values.slow), frozen: Number(values.frozen) };
  const aloneSeconds = Math.max(10, Math.round(seconds / 5));

  const workers = { gateway: new Worker('pressure/gateway-process'), ...clientWorkers() };
  try {
    const url = await workers.gateway.call<string>('start');
    await runPhase(workers, url, pace, alone, 5); // warm
    const heapBefore = await workers.gateway.call<number>('heapBytes');
    const before = await runPhase(workers, url, pace, alone, aloneSeconds);
    const pressed = await runPhase(workers, url, pace, together, seconds);
    const after = await runPhase(workers, url, pace, alone, aloneSeconds);
    const heapAfter = await workers.gateway.call<number>('heapBytes');
    const result = {
      pace,
      before,
      pressed,
      after,
      p99Ratio: rounded(pressed.quick.p99Ms / median([before.quick.p99Ms, after.quick.p99Ms])),
      heapMiB: { before: mebibytes(heapBefore), after: mebibytes(heapAfter) },
    };
    print(result);
    return result;
  } finally {
    await Promise.all(Object.values(workers).map((worker) => worker.stop()));
  }
}

const clientWorkers = () => ({
  quick: new Worker('pressure/client-process'),
  slow: new Worker('pressure/client-process'),
  frozen: new Worker('pressure/client-process'),
});
type Workers = ReturnType<typeof clientWorkers> & { gateway: Worker };

async function runPhase(workers: Workers, url: string, pace: Pace, cast: Cast, seconds: number): Promise<Phase> {
  const { gateway, quick, slow, frozen } = workers;
  const trickle = (pace.eventsPerSecond * pace.eventBytes) / 10;
  await quick.call('open', { url, count: cast.quick, bytesPerSecond: null });
  await slow.call('open', { url, count: cast.slow, bytesPerSecond: trickle });
  await frozen.call('open', { url, count: cast.frozen, bytesPerSecond: 0 });
  await until(
    'every client has subscribed',
    async () => (await gateway.call<number>('subscribers')) === cast.quick + cast.slow + cast.frozen,
  );

  const residentMiB: number[] = [];
  const cpuBefore = cpuUsedUs([gateway.pid]);
  await gateway.call('publish', pace);
  for (let second = 0; second < seconds; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    residentMiB.push(mebibytes(residentBytes(gateway.pid)));
  }
  const publishedReadings = await gateway.call<number>('pause');
  await until('the quick clients have everything', async () => complete(await quick.call<Tally[]>('tallies'), publishedReadings));
  const cpuUs = cpuUsedUs([gateway.pid]) - cpuBefore;
  const latency = await quick.call<Latency>('latency');

  await slow.call('thaw');
  await frozen.call('thaw');
  const tallies: Record<keyof Cast, Tally[]> = { quick: [], slow: [], frozen: [] };
  for (const kind of ['quick', 'slow', 'frozen'] as const) {
    await until(`the ${kind} clients have everything`, async () => {
      tallies[kind] = await workers[kind].call<Tally[]>('tallies');
      return complete(tallies[kind], publishedReadings);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${publishedReadings} published, ${JSON.stringify(tallies[kind])}`);
    });
  }
  if (tallies.quick.some(({ skipped }) => skipped > 0)) console.log('Some of the quick clients were too slow for this machine.');
  await Promise.all([quick, slow, frozen].map((worker) => worker.call('closeAll')));
  await until('every client has left', async () => (await gateway.call<number>('subscribers')) === 0);
  return {
    cast,
    seconds,
    publishedReadings,
    quick: latency,
    skipped: { slow: tallies.slow.map(({ skipped }) => skipped), frozen: tallies.frozen.map(({ skipped }) => skipped) },
    cpuUsPerEvent: Math.round((cpuUs * pace.readingsPerEvent) / publishedReadings),
    residentMiB,
    growthMiBPerMinute: rounded(slopePerSecond(residentMiB.slice(Math.floor(residentMiB.length * SETTLE_SHARE))) * 60),
  };
}

/** Each has received or been told of exactly what was published. More than that will never become right again. */
function complete(tallies: readonly Tally[], published: number): boolean {
  for (const tally of tallies) {
    if (tally.received + tally.skipped > published || tally.closed !== null)
      throw new Error(`Of ${published} readings a client counts ${JSON.stringify(tally)}`);
  }
  return tallies.every(({ received, skipped }) => received + skipped === published);
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await done());) {
    if (Date.now() > deadline) throw new Error(`Waited a minute in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Least squares. */
function slopePerSecond(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [above, below] = [0, 0];
  values.forEach((value, second) => {
    above += (second - middle) * (value - mean);
    below += (second - middle) ** 2;
  });
  return below === 0 ? 0 : above / below;
}

const mebibytes = (bytes: number) => rounded(bytes / 2 ** 20, 1);

function print({
  before,
  pressed,
  after,
  p99Ratio,
  heapMiB,
}: {
  before: Phase;
  pressed: Phase;
  after: Phase;
  p99Ratio: number;
  heapMiB: object;
}): void {
  for (const [name, { seconds, quick, publishedReadings, skipped, cpuUsPerEvent, residentMiB, growthMiBPerMinute }] of Object.entries({
    before,
    pressed,
    after,
  })) {
    console.log(
      `\n${name}, ${seconds} s: the quick ones' p50 ${quick.p50Ms} ms, p99 ${quick.p99Ms} ms, max ${quick.maxMs} ms; ${cpuUsPerEvent} µs of CPU an event; ` +
        `resident ${residentMiB[0]} to ${residentMiB.at(-1)} MiB, at most ${Math.max(...residentMiB)}, ${growthMiBPerMinute} MiB a minute once settled`,
    );
    if (skipped.slow.length > 0)
      console.log(
        `  of ${publishedReadings} readings the slow ones skipped ${skipped.slow.join(', ')}; the frozen ${skipped.frozen.join(', ')}; all accounted for`,
      );
  }
  console.log(`\np99 with slow clients is ${p99Ratio} of that without; heap after collection ${JSON.stringify(heapMiB)} MiB`);
}
