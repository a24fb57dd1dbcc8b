import type { SignedInClient } from '../../e2e/client/graphql-client.js';
import type { BenchDevice } from '../load/devices.js';

const COUNT = `query ($id: ID!, $from: DateTime!, $to: DateTime!) {
  device(id: $id) { series(metric: "temperature", from: $from, to: $to, maxPoints: 500) { columns { count } } }
}`;

/** What the graph says is stored, over every device. */
export async function countStored(admin: SignedInClient, devices: readonly BenchDevice[], fromMs: number, toMs: number): Promise<number> {
  let stored = 0;
  for (const { id } of devices) {
    const variables = { id, from: new Date(fromMs), to: new Date(toMs) };
    const { device } = await admin.request<{ device: { series: { columns: { count: number[] } } | null } }>(COUNT, variables);
    for (const count of device.series?.columns.count ?? []) stored += count;
  }
  return stored;
}
