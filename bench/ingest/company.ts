import type { SignedInClient } from '../../e2e/client/graphql-client.js';
import type { Stack } from '../../e2e/stack/stack.js';
import type { BenchDevice } from '../load/devices.js';
import { Worker } from '../worker/worker.js';
import type { SubscriberJob, SubscriberTally } from './subscriber-process.js';

const AT_ONCE = 8;
const KEY = 'mutation { createApiKey(input: { name: "bench", role: VIEWER }) { secret } }';
const CREATE = 'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }';

/** Threshold rules shared out evenly among the devices. Each is asked at every reading of its device; none is ever met. */
export async function createRules(admin: SignedInClient, devices: readonly BenchDevice[], count: number): Promise<void> {
  let next = 0;
  const create = async () => {
    for (let index = next++; index < count; index = next++) {
      const threshold = { metric: 'temperature', above: 100 + (index % 90), for: 'PT0S' };
      const target = { deviceIds: [devices[index % devices.length]!.id] };
      await admin.request(CREATE, { input: { name: `Bench ${index}`, severity: 'LOW', target, condition: { threshold } } });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, create));
}

/** Subscribers shared out evenly among the devices, each with a socket of its own and every reading of one device. */
export async function openSubscribers(
  stack: Stack,
  admin: SignedInClient,
  devices: readonly BenchDevice[],
  count: number,
): Promise<LiveSubscribers> {
  const { createApiKey } = await admin.request<{ createApiKey: { secret: string } }>(KEY);
  const worker = new Worker('ingest/subscriber-process');
  const deviceIds = Array.from({ length: count }, (_, index) => [devices[index % devices.length]!.id]);
  await worker.call('open', { url: stack.url, apiKey: createApiKey.secret, deviceIds } satisfies SubscriberJob);
  return { tally: () => worker.call<SubscriberTally>('tally'), stop: () => worker.stop() };
}

export interface LiveSubscribers {
  tally(): Promise<SubscriberTally>;
  stop(): Promise<void>;
}
