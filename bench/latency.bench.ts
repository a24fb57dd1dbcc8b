import { parseArgs } from 'node:util';
import { connect, openStream, type LiveStream } from '../e2e/client/graphql-client.js';
import { startStandalone } from '../e2e/stack/standalone-stack.js';
import { registerDevices } from './load/devices.js';
import { preparePublishers } from './load/run-publishers.js';
import { cpuUsedUs } from './measure/cpu.js';
import { quantile, rounded } from './measure/statistics.js';

interface Event {
  readings: { readings: { value: number; device: { name: string } }[] };
}

const DEVICES = 50;
const LIVE = `subscription ($ids: [ID!]) { readings(filter: { deviceIds: $ids }) { cursor readings { metric value recordedAt device { name } } } }`;

/** From the publisher's socket to the client's callback, through MQTT, log, commit, bus, subgraph join and WebSocket. */
export async function benchLatency(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rate: { type: 'string', default: '1000' },
      subscribers: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '20' },
    },
  });
  const [rate, subscribers, seconds] = [Number(values.rate), Number(values.subscribers), Number(values.seconds)];
  const stack = await startStandalone();
  const admin = await stack.signIn('admin');
  const devices = await registerDevices(stack, admin, {
    count: DEVICES,
    inFlight: 1_000,
    profile: { metrics: [{ metric: 'temperature', name: 'Temperature', unit: 'Cel', expectedInterval: 'PT1S' }] },
  });

  const results = [];
  for (const [name, idsOf] of [
    ['all subscribers watch the whole fleet', () => devices.map(({ id }) => id)],
    [
      'every subscriber watches five devices of its own',
      (index: number) => Array.from({ length: 5 }, (_, each) => devices[(index * 7 + each * 11) % DEVICES]!.id),
    ],
  ] as const) {
    const latencies: number[] = [];
    const counts = new Map<number, number>();
    let live = false;
    const clients = Array.from({ length: subscribers }, () => connect(stack.url, admin.token));
    const streams: LiveStream<Event>[] = clients.map((client, index) => {
      const stream = openStream<Event>(client, LIVE, { ids: [...idsOf(index)] });
      // Measured as each arrives; the list itself is not kept, or the bench would measure its own memory.
      stream.received.push = (...events: Event[]) => {
        const nowMs = performance.timeOrigin + performance.now();
        for (const event of events) {
          counts.set(index, (counts.get(index) ?? 0) + event.readings.readings.length);
          if (live) for (const { value } of event.readings.readings) latencies.push(((nowMs % 1_000_000) - value + 1_000_000) % 1_000_000);
        }
        return 0;
      };
      return stream;
    });
    const warmUp = await preparePublishers({ kind: 'rate', devices, metric: 'temperature', messagesPerSecond: rate, seconds: 5 });
    await warmUp.run();
    counts.clear();
    const publishers = await preparePublishers({ kind: 'rate', devices, metric: 'temperature', messagesPerSecond: rate, seconds });
    live = true;
    const cpuBefore = cpuUsedUs([stack.running.child.pid!]);
    await publishers.run();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const cpuShare = (cpuUsedUs([stack.running.child.pid!]) - cpuBefore) / (seconds * 1e6);
    live = false;
    const delivered = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const expected = name.startsWith('all') ? rate * seconds * subscribers : (rate * seconds * subscribers * 5) / DEVICES;
    const result = {
      name,
      rate,
      subscribers,
      seconds,
      delivered,
      expected,
      p50Ms: rounded(quantile(latencies, 0.5), 1),
      p99Ms: rounded(quantile(latencies, 0.99), 1),
      maxMs: rounded(quantile(latencies, 1), 1),
      cpuCores: rounded(cpuShare),
    };
    console.log(
      `${name}: p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, max ${result.maxMs} ms; ${delivered} of ${expected} deliveries; ${result.cpuCores} cores`,
    );
    results.push(result);
    for (const stream of streams) stream.close();
    for (const client of clients) await client.dispose();
  }
  await admin.close();
  await stack.stop();
  return { devices: DEVICES, results };
}
