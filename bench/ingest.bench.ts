import { parseArgs } from 'node:util';
import type { SignedInClient } from '../e2e/client/graphql-client.js';
import { startStandalone } from '../e2e/stack/standalone-stack.js';
import { RawPipeline } from './baseline/raw-pipeline.js';
import { createRules, openSubscribers } from './ingest/company.js';
import { registerDevices, type BenchDevice } from './load/devices.js';
import type { PublisherOptions } from './load/publisher.js';
import { preparePublishers } from './load/run-publishers.js';
import { cpuUsedUs } from './measure/cpu.js';
import { MemoryWatch, slopePerMinute } from './measure/memory.js';
import { median, rounded } from './measure/statistics.js';

/** Unacknowledged messages at most, of all devices together. */
const IN_FLIGHT = 5_000;

/** Rollups of a bucket are written when it has been quiet: their cost belongs to the readings too. */
const SETTLE_MS = 45_000;

interface Shape {
  name: string;
  readingsPerMessage: number;
  messagesPerDevice: number;
}

interface Run {
  readingsPerSecond: number;
  cpuUsPerReading: number;
}

/**
 * Readings stored by the platform, CPU of broker, bridge, writer, evaluator, live delivery and Postgres together, beside a raw
 * pipeline in turn; then, if asked, memory at a sustained rate.
 */
export async function benchIngest(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      devices: { type: 'string', default: '100' },
      rules: { type: 'string', default: '1000' },
      subscribers: { type: 'string', default: '100' },
      minutes: { type: 'string', default: '0' },
      rate: { type: 'string', default: '2000' },
    },
  });
  const [count, scale, minutes] = [Number(values.devices), Number(values.scale), Number(values.minutes)];
  const [rules, subscribers] = [Number(values.rules), Number(values.subscribers)];
  const perDevice = (messages: number) => Math.max(1, Math.round((messages * scale) / count));
  const shapes: Shape[] = [
    { name: 'single, QoS 1', readingsPerMessage: 1, messagesPerDevice: perDevice(100_000) },
    { name: '100 per message, QoS 1', readingsPerMessage: 100, messagesPerDevice: perDevice(10_000) },
  ];

  const stack = await startStandalone();
  const admin = await stack.signIn('admin');
  // A reading that comes late is neither evaluated nor news; on a slow machine it must be both.
  const profile = { lateAfter: 'PT1H' };
  const devices = await registerDevices(stack, admin, { count, inFlight: Math.ceil(IN_FLIGHT / count), profile });
  await createRules(admin, devices, rules);
  const live = await openSubscribers(stack, admin, devices, subscribers);
  const pid = stack.running.child.pid!;
  const acceptedBefore = await acceptedTotal(admin);
  const results = Number(values.rounds) > 0 ? await compare(admin, pid, devices, shapes, Number(values.rounds)) : [];
  const memory = minutes > 0 ? await watchMemory(pid, devices, Number(values.rate), minutes) : undefined;
  // A token does not live as long as a long run.
  const stored = (await acceptedTotal(await stack.signIn('admin'))) - acceptedBefore;
  // What has just been stored is on its way.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const delivered = await live.tally();
  const theirs = (stored * subscribers) / count;
  const deliveredShare = theirs > 0 ? rounded(delivered.readings / theirs, 3) : null;
  console.log(
    `${stored} readings stored beside ${rules} rules; ${subscribers} live subscribers got ${delivered.readings} of ${theirs} ` +
      `in ${delivered.events} events; of what they did not get they got the newest`,
  );
  if (delivered.faults.length > 0) console.log(`  and errors, among them: ${delivered.faults.join(' · ')}`);
  await live.stop();
  await admin.close();
  await stack.stop();
  const ok = delivered.faults.length === 0 && (subscribers === 0 || delivered.readings > 0);
  return {
    ok,
    devices: count,
    inFlight: IN_FLIGHT,
    rules,
    subscribers,
    stored,
    delivered: { ...delivered, share: deliveredShare },
    results,
    ...(memory && { memory }),
  };
}

async function compare(admin: SignedInClient, pid: number, devices: BenchDevice[], shapes: Shape[], rounds: number): Promise<object[]> {
  const raw = await RawPipeline.start();
  const toRaw = devices.map((device) => ({ ...device, port: raw.mqttPort }));
  const ourPids = [pid];
  const idleUsPerMs = (await cpuWhile(ourPids, 10_000)) / 10_000;
  // Instants just past, so that they are news, and of each round its own, so that none repeats one of another round.
  let nextStartMs = 0;
  const results = [];
  for (const shape of shapes) {
    const runs: { ours: Run[]; raw: Run[] } = { ours: [], raw: [] };
    const spanMs = shape.messagesPerDevice * shape.readingsPerMessage;
    for (let round = 0; round < rounds; round++) {
      const startMs = Math.max(nextStartMs, Date.now() - spanMs);
      nextStartMs = startMs + spanMs;
      runs.raw.push(await measure(shape, startMs, toRaw, raw.pids, () => Promise.resolve(raw.stored)));
      runs.ours.push(await measure(shape, startMs, devices, ourPids, () => acceptedTotal(admin)));
      console.log(`${shape.name}, round ${round + 1}: ours ${text(runs.ours.at(-1)!)} · raw ${text(runs.raw.at(-1)!)}`);
    }
    const readings = rounds * devices.length * shape.messagesPerDevice * shape.readingsPerMessage;
    const deferredUs = Math.max(0, (await cpuWhile(ourPids, SETTLE_MS)) - idleUsPerMs * SETTLE_MS) / readings;
    const stored = summary(runs.ours);
    const ours = { ...stored, cpuUsPerReading: rounded(stored.cpuUsPerReading + deferredUs) };
    const baseline = summary(runs.raw);
    results.push({
      deferredCpuUsPerReading: rounded(deferredUs),
      shape: shape.name,
      ours,
      raw: baseline,
      cpuRatio: rounded(ours.cpuUsPerReading / baseline.cpuUsPerReading),
      runs,
    });
  }
  console.log('\nmedians                     ours                          raw                           CPU ratio');
  for (const each of results)
    console.log(`${each.shape.padEnd(24)} ${text(each.ours).padEnd(30)}${text(each.raw).padEnd(30)}${each.cpuRatio}`);
  await raw.stop();
  return results;
}

/** Flat is what counts: the first quarter, in which caches fill and the heap finds its size, is left out of the slope. */
async function watchMemory(pid: number, devices: BenchDevice[], messagesPerSecond: number, minutes: number): Promise<object> {
  const seconds = Math.round(minutes * 60);
  const publishers = await preparePublishers({
    kind: 'rate',
    devices,
    metric: 'temperature',
    messagesPerSecond,
    seconds,
    plain: true,
  });
  const watch = new MemoryWatch(pid);
  const startedAt = performance.now();
  const { acknowledged } = await publishers.run();
  const readingsPerSecond = Math.round(acknowledged / ((performance.now() - startedAt) / 1_000));
  watch.stop();
  const { samples, peakMebibytes } = watch;
  const slopeMebibytesPerMinute = slopePerMinute(samples.slice(Math.floor(samples.length / 4)));
  const [first, last] = [samples[0]!.mebibytes, samples.at(-1)!.mebibytes];
  console.log(
    `\n${seconds} s at ${readingsPerSecond} of ${messagesPerSecond} readings/s: resident ${first} MiB at first, ${last} at last, ` +
      `${peakMebibytes} at most; ${slopeMebibytesPerMinute} MiB a minute`,
  );
  return { minutes, messagesPerSecond, readingsPerSecond, first, last, peakMebibytes, slopeMebibytesPerMinute, samples };
}

const text = ({ readingsPerSecond, cpuUsPerReading }: Run) => `${Math.round(readingsPerSecond)}/s at ${cpuUsPerReading} µs`;
const summary = (runs: readonly Run[]): Run => ({
  readingsPerSecond: Math.round(median(runs.map((run) => run.readingsPerSecond))),
  cpuUsPerReading: rounded(median(runs.map((run) => run.cpuUsPerReading))),
});

async function measure(
  shape: Shape,
  startMs: number,
  devices: PublisherOptions[],
  pids: readonly number[],
  stored: () => Promise<number>,
): Promise<Run> {
  const { messagesPerDevice, readingsPerMessage } = shape;
  const publishers = await preparePublishers({
    kind: 'burst',
    devices,
    metric: 'temperature',
    messagesPerDevice,
    readingsPerMessage,
    startMs,
  });
  const expected = (await stored()) + devices.length * messagesPerDevice * readingsPerMessage;
  const cpuBefore = cpuUsedUs(pids);
  const startedAt = performance.now();
  await publishers.run();
  while ((await stored()) < expected) await new Promise((resolve) => setTimeout(resolve, 20));
  const seconds = (performance.now() - startedAt) / 1_000;
  const readings = devices.length * messagesPerDevice * readingsPerMessage;
  return { readingsPerSecond: Math.round(readings / seconds), cpuUsPerReading: rounded((cpuUsedUs(pids) - cpuBefore) / readings) };
}

async function cpuWhile(pids: readonly number[], durationMs: number): Promise<number> {
  const before = cpuUsedUs(pids);
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  return cpuUsedUs(pids) - before;
}

async function acceptedTotal(admin: SignedInClient): Promise<number> {
  const { pipelineStatus } = await admin.request<{ pipelineStatus: { acceptedTotal: number } }>('{ pipelineStatus { acceptedTotal } }');
  return pipelineStatus.acceptedTotal;
}
