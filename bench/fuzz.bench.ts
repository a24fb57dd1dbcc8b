import { parseArgs } from 'node:util';
import { REJECTION_REASONS } from '@pulsegraph/contracts';
import { DialectMemory, decodeMessage, type DecodeContext } from '@pulsegraph/decode';
import { aDeviceEntry, aProfileEntry, anOrganizationEntry, TEST_DEVICE, TEST_ORGANIZATION } from '@pulsegraph/testkit';
import fc from 'fast-check';

const own = `pulse/v1/${TEST_ORGANIZATION.key}/${TEST_DEVICE.key}`;
/** By dialect: topics, and payloads to begin from. */
const DIALECTS: Record<string, { topics: string[]; seeds: string[] }> = {
  pulse: { topics: [`${own}/readings`, `${own}/status`, `${own}/twin/reported`], seeds: ['{"ts":1763640000000,"values":{"temperature":1}}', '{"metric":"temperature","t0":1,"dt":[0,1],"v":[1,2]}'] }, // prettier-ignore
  thingsboard: { topics: ['v1/devices/me/telemetry', 'v2/a'], seeds: ['{"ts":1,"values":{"temperature":1}}', '[{"temperature":1}]'] },
  influx: { topics: [`${own}/readings/influx`], seeds: ['temperature,host=a value=1i,b="x\\"" 1763640000000000000'] },
  senml: { topics: [`${own}/readings/senml`], seeds: ['[{"bn":"a","n":"temperature","v":1,"t":-1}]', '\x81\xa2\x00\x61t\x02\x01'] },
  sparkplug: { topics: ['NBIRTH', 'NDATA', 'NDEATH'].map((type) => `spBv1.0/${TEST_ORGANIZATION.key}/${type}/${TEST_DEVICE.key}`), seeds: ['\x12\x0a\x0a\x04temp\x20\x0a\x69\0', '\x18\x07'] }, // prettier-ignore
  homie: { topics: ['$state', '$description', 'node/temperature'].map((tail) => `${TEST_ORGANIZATION.key}/5/${TEST_DEVICE.key}/${tail}`), seeds: ['ready', '{"homie":"5.0","version":1,"nodes":{"node":{"properties":{"temperature":{"datatype":"float"}}}}}', '21.5'] }, // prettier-ignore
};
/** Slower than this on one message is a hang in the making. */
const HANG_MS = 1_000;

/** Random and mutated bytes into every decoder: none throws, none hangs, and whatever is refused says why. */
export async function benchFuzz(args: string[]): Promise<object> {
  const { values } = parseArgs({ args, options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } });
  const results = [];
  for (const [dialect, { topics, seeds }] of Object.entries(DIALECTS)) {
    const result = fuzz(topics, seeds, Number(values.seconds) * 1_000, Number(values.seed));
    console.log(
      `${dialect.padEnd(12)} ${result.messages} messages, ${result.rejections} rejections, slowest ${result.slowestMs.toFixed(1)} ms`,
    );
    results.push({ dialect, ...result });
  }
  return { seconds: Number(values.seconds), results };
}

function fuzz(topics: string[], seeds: string[], durationMs: number, seed: number) {
  const device = aDeviceEntry();
  const context: DecodeContext = {
    registry: {
      organizationByKey: (key) => (key === TEST_ORGANIZATION.key ? anOrganizationEntry() : undefined),
      deviceByKey: (_organizationId, key) => (key === device.key ? device : undefined),
      profile: () => aProfileEntry(),
    },
    receivedAtUs: Date.now() * 1_000,
    rawRetentionDays: 90,
    sender: { organizationKey: TEST_ORGANIZATION.key, deviceKey: TEST_DEVICE.key },
    memory: new DialectMemory(),
  };
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 6 }), fc.nat(120))
    .map(([text, edits, length]) => {
      const bytes = Buffer.from(text, 'latin1');
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, length);
    });
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    mutated,
    fc.json().map((text) => Buffer.from(text)),
  );
  const total = { messages: 0, rejections: 0, slowestMs: 0 };
  const until = performance.now() + durationMs;
  const property = fc.property(fc.constantFrom(...topics), payload, (topic, bytes) => {
    const startedAt = performance.now();
    const { rejections, unattributed } = decodeMessage({ topic, payload: bytes }, context);
    const tookMs = performance.now() - startedAt;
    total.messages++;
    total.rejections += rejections.length + unattributed.length;
    total.slowestMs = Math.max(total.slowestMs, tookMs);
    if (tookMs > HANG_MS) throw new Error(`One message took ${tookMs} ms.`);
    for (const { reason, detail } of [...rejections, ...unattributed])
      if (!(reason in REJECTION_REASONS) || !detail.trim()) throw new Error(`Refused without a reason: ${reason} "${detail}"`);
  });
  // Each round another seed, so that a failure names the one that repeats it.
  for (let round = 0; performance.now() < until; round++) fc.assert(property, { numRuns: 2_000, seed: seed + round });
  return total;
}
