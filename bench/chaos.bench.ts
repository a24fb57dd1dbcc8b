import { parseArgs } from 'node:util';
import { startDistributed, type DistributedStack } from '../e2e/stack/distributed-stack.js';
import { NumberingDevices } from './chaos/numbering-devices.js';
import { ReadingsFollower } from './chaos/readings-follower.js';
import { clean, type Balance } from './ledger/sequence-ledger.js';
import { sentence, until } from './ledger/stage.js';
import { quantile, rounded } from './measure/statistics.js';

interface Blow {
  what: string;
  /** From the moment it happened until every subscription had what was sent up to the end of it. */
  recoveredMs: number;
}

/** The whole distributed product under blows, with subscriptions that keep books on every device's numbers. */
export async function benchChaos(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: 'boolean', default: false },
      kills: { type: 'string' },
      subscriptions: { type: 'string' },
      devices: { type: 'string', default: '10' },
      rate: { type: 'string', default: '5' },
    },
  });
  const { short } = values;
  const kills = Number(values.kills ?? (short ? 1 : 10));
  const subscriptions = Number(values.subscriptions ?? (short ? 10 : 100));
  const stack = await startDistributed();
  const followers: ReadingsFollower[] = [];
  let devices: NumberingDevices | undefined;
  try {
    const admin = await stack.signIn('admin');
    devices = await NumberingDevices.connect(admin, stack.mqttUrl, Number(values.devices));
    for (let index = 0; index < subscriptions; index += 1) followers.push(new ReadingsFollower(stack.url, devices.ids, () => admin.token));
    devices.start(Number(values.rate));
    const { sent } = devices;
    await until('the devices send', () => Promise.resolve(sent.size > 0));
    await caughtUp(followers, devices);

    const blows: Blow[] = [];
    const strike = async (what: string, blow: () => Promise<void>) => {
      const startedAt = performance.now();
      await blow();
      await caughtUp(followers, devices!);
      blows.push({ what, recoveredMs: Math.round(performance.now() - startedAt) });
      console.log(`${what}: everybody had everything ${rounded(blows.at(-1)!.recoveredMs / 1_000, 1)} s later`);
    };
    for (let kill = 1; kill <= kills; kill += 1)
      await strike(`telemetry subgraph killed (${kill})`, () => restart(stack, 'telemetry', 'SIGKILL'));
    await strike('Redis restarted', () => restart(stack, 'redis', 'SIGTERM'));
    await strike('gateway restarted', () => restart(stack, 'gateway', 'SIGTERM'));
    await strike('gateway killed', () => restart(stack, 'gateway', 'SIGKILL'));

    await devices.pause();
    await caughtUp(followers, devices).catch(() => undefined);
    const balance = balanceOf(followers, devices.sent);
    console.log(sentence(balance));
    const recoveredMs = blows.map((blow) => blow.recoveredMs);
    return {
      ok: clean(balance),
      short,
      subscriptions,
      devices: devices.ids.length,
      readingsPerSecond: devices.ids.length * Number(values.rate),
      balance,
      blows,
      recoveredMs: { p50: quantile(recoveredMs, 0.5), max: quantile(recoveredMs, 1) },
    };
  } finally {
    await Promise.all(followers.map((follower) => follower.leave()));
    await devices?.pause();
    await devices?.disconnect();
    await stack.stop();
  }
}

async function restart(stack: DistributedStack, service: string, signal: NodeJS.Signals): Promise<void> {
  await stack.kill(service, signal);
  await stack.start(service);
}

/** Every subscription has what has been sent until now. */
function caughtUp(followers: readonly ReadingsFollower[], { sent }: NumberingDevices): Promise<void> {
  const newest = new Map(sent);
  return until('every subscription has caught up', () => Promise.resolve(followers.every((each) => each.has(newest))));
}

function balanceOf(followers: readonly ReadingsFollower[], sent: ReadonlyMap<string, number>): Balance {
  const ledgers = followers.flatMap((each) => [...each.ledgers]);
  const sum = <T>(of: readonly T[], value: (one: T) => number) => of.reduce((total, one) => total + value(one), 0);
  return {
    clients: followers.length,
    received: sum(ledgers, ([, { received }]) => received),
    // What never came is lost as well.
    lost: sum(ledgers, ([key, { lost, newest }]) => lost + sent.get(key)! - newest!),
    repeated: sum(ledgers, ([, { repeated }]) => repeated),
    disconnects: sum(followers, ({ disconnects }) => disconnects),
    attemptsFailed: 0,
    faults: sum(followers, ({ faults }) => faults.length),
    samples: followers.flatMap(({ faults }) => faults).slice(0, 5),
  };
}
