import { parseArgs } from 'node:util';
import { aProfile, someDevices } from '../e2e/client/device.js';
import { startStandalone, type StandaloneStack } from '../e2e/stack/standalone-stack.js';
import { cpuUsedUs } from './measure/cpu.js';
import { quantile, rounded } from './measure/statistics.js';
import { connectToDatabase, diskUse } from './query/database.js';
import { storeHistory } from './query/history.js';
import { readsOf, type ReadOptions } from './query/reads.js';

const SERIES = 50;
const DEVICES = 1_000;
const WARM_UP_ROUNDS = 5;

/** Reads of months of readings through the gateway, as the writer leaves them and after it packed the old days. */
export async function benchQuery(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      days: { type: 'string' },
      'raw-days': { type: 'string' },
      rounds: { type: 'string', default: '100' },
      short: { type: 'boolean', default: false },
    },
  });
  const days = Number(values.days ?? (values.short ? 10 : 90));
  const rawDays = Number(values['raw-days'] ?? (values.short ? 1 : 7));
  const rounds = Number(values.rounds);
  const stack = await startStandalone({ RATE_LIMIT: 'off' });
  try {
    const { profileId, deviceIds } = await registerDevices(stack);
    const endMs = Math.floor(Date.now() / 1_000) * 1_000;
    const databases = [await connectToDatabase(stack), await connectToDatabase(stack)] as const;
    const [database] = databases;
    // The packer waits until the figures as written are taken.
    await database.query(`select pg_advisory_lock(hashtext('telemetry-pack'))`);
    const { rows } = await database.query<{ id: string }>(`select organization_id as id from devices.device where id = $1`, [deviceIds[0]]);
    const startedAt = performance.now();
    await storeHistory(databases, { organizationId: rows[0]!.id, deviceIds, series: SERIES, days, rawDays, endMs });
    const asWritten = await diskUse(database);
    console.log(`stored ${asWritten.rows.readings} readings, ${asWritten.rollups.buckets} rollups in ${seconds(startedAt)} s`);
    const options = { profileId, deviceIds: deviceIds.slice(0, SERIES), days, endMs };
    const results = await measure('as written', stack, options, rounds);

    for (const each of databases) await each.end();
    const packedIn = await packOldDays(stack);
    const afterwards = await connectToDatabase(stack);
    const packed = await diskUse(afterwards);
    await afterwards.end();
    console.log(`packed ${packed.chunks.readings} readings in ${packedIn} s`);
    results.push(...(await measure('old days packed', stack, options, rounds)));

    const bytesPerReading = {
      asWritten: rounded(asWritten.rows.bytes / asWritten.rows.readings),
      // A week stays as written, so a shorter history has nothing to pack.
      packed: packed.chunks.readings > 0 ? rounded(packed.chunks.bytes / packed.chunks.readings) : null,
    };
    console.log(`bytes per reading on disk: ${bytesPerReading.asWritten} as written, ${bytesPerReading.packed ?? '–'} packed`);
    return { days, rawDays, series: SERIES, devices: DEVICES, rounds, bytesPerReading, disk: { asWritten, packed }, results };
  } finally {
    await stack.stop();
  }
}

const seconds = (sinceMs: number) => rounded((performance.now() - sinceMs) / 1_000, 1);

async function registerDevices(stack: StandaloneStack): Promise<{ profileId: string; deviceIds: string[] }> {
  const admin = await stack.signIn('admin');
  const profileId = await aProfile(admin, 'bench', {
    metrics: [{ metric: 'temperature', name: 'Temperature', unit: 'Cel', expectedInterval: 'PT1S' }],
  });
  const keys = Array.from({ length: DEVICES }, (_, index) => `bench-${index}`);
  return { profileId, deviceIds: await someDevices(admin, keys, profileId) };
}

/** The writer packs when it starts. @returns Seconds. */
async function packOldDays(stack: StandaloneStack): Promise<number> {
  const startedAt = performance.now();
  await stack.restart('SIGINT');
  const database = await connectToDatabase(stack);
  const left = async () => (await database.query(`select from telemetry.unpacked_days()`)).rowCount;
  while ((await left()) !== 0) await new Promise((resolve) => setTimeout(resolve, 200));
  const packedIn = seconds(startedAt);
  await database.query('vacuum analyze telemetry.reading_chunk');
  await database.end();
  return packedIn;
}

async function measure(layout: string, stack: StandaloneStack, options: Omit<ReadOptions, 'client'>, rounds: number) {
  const client = await stack.signIn('engineer');
  const results = [];
  for (const { name, aimP95Ms, run } of readsOf({ client, ...options })) {
    const tookMs: number[] = [];
    let answer = '';
    let cpuBeforeUs = 0;
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
      if (round === WARM_UP_ROUNDS) cpuBeforeUs = cpuUsedUs([stack.running.child.pid!]);
      const startedAt = performance.now();
      answer = await run(round);
      if (round >= WARM_UP_ROUNDS) tookMs.push(performance.now() - startedAt);
    }
    const cpuMs = rounded((cpuUsedUs([stack.running.child.pid!]) - cpuBeforeUs) / 1_000 / rounds, 1);
    const [p50Ms, p95Ms] = [rounded(quantile(tookMs, 0.5), 1), rounded(quantile(tookMs, 0.95), 1)];
    console.log(`${layout.padEnd(17)}${name.padEnd(30)}p50 ${p50Ms} ms, p95 ${p95Ms} ms (aim ${aimP95Ms}), ${cpuMs} ms of CPU: ${answer}`);
    results.push({ layout, name, answer, p50Ms, p95Ms, aimP95Ms, cpuMs });
  }
  await client.close();
  return results;
}
