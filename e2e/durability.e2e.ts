import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aDevice, aProfile, connectDevice, readingsTopic, type RegisteredDevice } from './client/device.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';
import { eventually } from '@pulsegraph/testkit';

const PUBLISHERS = 8;

/** Publishes consecutive numbers at QoS 1, one at a time, until told to stop; remembers which were acknowledged. */
async function publishLedger(stack: StandaloneStack, device: RegisteredDevice, stop: AbortSignal): Promise<number[]> {
  const acknowledged: number[] = [];
  const mqtt = await connectDevice(stack.mqttUrl, device, { reconnectPeriod: 0 });
  mqtt.on('error', () => undefined);
  const start = Date.now() - 1_000_000;
  for (let sequence = 1; !stop.aborted; sequence++) {
    const payload = JSON.stringify({ ts: start + sequence, values: { temperature: sequence / 1_000 } });
    const sent = await Promise.race([
      mqtt.publishAsync(readingsTopic(device), payload, { qos: 1 }).then(
        () => true,
        () => false,
      ),
      new Promise<boolean>((resolve) => mqtt.once('close', () => resolve(false))),
    ]);
    if (!sent) break;
    acknowledged.push(sequence);
  }
  await mqtt.endAsync(true).catch(() => undefined);
  return acknowledged;
}

describe('kill -9 of everything while QoS 1 publishers run', () => {
  let stack: StandaloneStack;
  beforeAll(async () => (stack = await startStandalone()), 240_000);
  afterAll(() => stack?.stop(), 60_000);

  it('comes up again, and every acknowledged reading is there once', async () => {
    const admin = await stack.signIn('admin');
    const profileId = await aProfile(admin, 'ledger');
    const devices: RegisteredDevice[] = [];
    for (let index = 0; index < PUBLISHERS; index++) devices.push(await aDevice(admin, `ledger-${index}`, profileId));
    const stop = new AbortController();
    const ledgers = devices.map((device) => publishLedger(stack, device, stop.signal));
    const storedBeyond = (readings: number) =>
      eventually(
        async () => {
          const { pipelineStatus } = await admin.request<{ pipelineStatus: { acceptedTotal: number } }>(
            '{ pipelineStatus { acceptedTotal } }',
          );
          expect(pipelineStatus.acceptedTotal).toBeGreaterThan(readings);
          return pipelineStatus.acceptedTotal;
        },
        { timeoutMs: 60_000 },
      );
    const before = await storedBeyond(500);

    // The database alone: it is started again under the process, whose senders wait for it.
    const [postmaster] = (await readFile(join(stack.dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(postmaster), 'SIGKILL');
    await storedBeyond(before + 500);

    await stack.restart('SIGKILL');
    stop.abort();
    const acknowledged = await Promise.all(ledgers);
    const again = await stack.signIn('admin');
    for (const [index, device] of devices.entries()) {
      const { device: found } = await again.request<{ device: { series: { columns: { last: number[] } } | null } }>(
        `query ($id: ID!, $from: DateTime!, $to: DateTime!) { device(id: $id) { series(metric: "temperature", from: $from, to: $to, maxPoints: 5000) { columns { last } } } }`,
        { id: device.id, from: new Date(Date.now() - 2_000_000), to: new Date() },
      );
      const stored = (found.series?.columns.last ?? []).map((value) => Math.round(value * 1_000));
      const missing = acknowledged[index]!.filter((sequence) => !stored.includes(sequence));
      expect(missing).toEqual([]);
      expect(new Set(stored).size).toBe(stored.length);
    }
    expect(acknowledged.flat().length).toBeGreaterThan(500);
  }, 180_000);
});
