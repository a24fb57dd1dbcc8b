import { parseArgs } from 'node:util';
import { aDevice, aProfile } from '../e2e/client/device.js';
import { SignedInClient } from '../e2e/client/graphql-client.js';
import { startStandalone } from '../e2e/stack/standalone-stack.js';
import { RawPipeline } from './baseline/raw-pipeline.js';
import type { PublisherOptions } from './load/publisher.js';
import { preparePublishers } from './load/run-publishers.js';
import { cpuUsedUs } from './measure/cpu.js';
import { median, rounded } from './measure/statistics.js';

const DEVICES = 10;
const IN_FLIGHT = 500;

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

/** Readings stored by the platform, CPU of broker, bridge, evaluator and Postgres together, beside a raw pipeline in turn. */
export async function benchIngest(args: string[]): Promise<object> {
  const { values } = parseArgs({ args, options: { rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } } });
  const scale = Number(values.scale);
  const shapes: Shape[] = [
    { name: 'single, QoS 1', readingsPerMessage: 1, messagesPerDevice: Math.round(10_000 * scale) },
    { name: '100 per message, QoS 1', readingsPerMessage: 100, messagesPerDevice: Math.round(1_000 * scale) },
  ];

  const stack = await startStandalone();
  const raw = await RawPipeline.start();
  const admin = await stack.signIn('admin');
  const profileId = await aProfile(admin, 'bench');
  const devices: PublisherOptions[] = [];
  for (let index = 0; index < DEVICES; index++) {
    const device = await aDevice(admin, `bench-${index}`, profileId);
    const port = Number(new URL(stack.mqttUrl).port);
    devices.push({
      host: '127.0.0.1',
      port,
      username: device.username,
      password: device.token,
      clientId: device.username,
      topic: `pulse/v1/${device.username}/readings`,
      inFlight: IN_FLIGHT,
    });
  }
  const toRaw = devices.map((device) => ({ ...device, port: raw.mqttPort }));

  // Every round has an hour of its own, so that no reading repeats one of another round.
  let nextStartMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 20 * 3_600_000;
  const ourPids = [stack.running.child.pid!];
  const idleUsPerMs = (await cpuWhile(ourPids, 10_000)) / 10_000;
  const results = [];
  for (const shape of shapes) {
    const runs: { ours: Run[]; raw: Run[] } = { ours: [], raw: [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      const startMs = (nextStartMs += 3_600_000);
      runs.raw.push(await measure(shape, startMs, toRaw, raw.pids, () => raw.stored()));
      runs.ours.push(await measure(shape, startMs, devices, ourPids, () => acceptedTotal(admin)));
      console.log(`${shape.name}, round ${round + 1}: ours ${text(runs.ours.at(-1)!)} · raw ${text(runs.raw.at(-1)!)}`);
    }
    const readings = Number(values.rounds) * DEVICES * shape.messagesPerDevice * shape.readingsPerMessage;
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
  await admin.close();
  await raw.stop();
  await stack.stop();
  return { devices: DEVICES, inFlight: IN_FLIGHT, results };
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
