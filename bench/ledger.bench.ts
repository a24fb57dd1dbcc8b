import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { aDevice, aProfile, type RegisteredDevice } from '../e2e/client/device.js';
import type { SignedInClient } from '../e2e/client/graphql-client.js';
import { audit } from './ledger/audit.js';
import { LedgerPublisher } from './ledger/publisher.js';
import { inProcess, onRedis, type Scenario, type ScenarioOptions } from './ledger/scenario.js';
import { mountSmallDisk } from './ledger/small-disk.js';
import { rounded } from './measure/statistics.js';

const LOGS = { memory: inProcess, redis: onRedis };
/** Initial databases, write-ahead logs and a few minutes of readings fit; half a gibibyte to fill is quickly filled. */
const DISK_MEBIBYTES = 1_024;
const RECOVERY_DEADLINE_MS = 300_000;
/** Every publisher must get this many acknowledgements more before a fault counts as over. */
const PROGRESS = 3;

/** QoS 1 publishers with consecutive numbers, one fault after the other, then an audit: acknowledged is stored, once. */
export async function benchLedger(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      publishers: { type: 'string', default: '200' },
      log: { type: 'string', default: 'memory,redis' },
      away: { type: 'string', default: '60' },
      full: { type: 'string', default: '20' },
      between: { type: 'string', default: '5' },
    },
  });
  const results = [];
  for (const log of values.log.split(',')) {
    if (!(log in LOGS)) throw new Error(`--log takes ${Object.keys(LOGS).join(' and ')}, separated by a comma.`);
    results.push(await runLog(log as keyof typeof LOGS, Number(values.publishers), Number(values.away), Number(values.full), Number(values.between))); // prettier-ignore
  }
  const bad = results.filter(({ missing, repeated }) => missing > 0 || repeated > 0);
  if (bad.length > 0) process.exitCode = 1;
  return { publishers: Number(values.publishers), results };
}

async function runLog(log: keyof typeof LOGS, count: number, awaySeconds: number, fullSeconds: number, betweenSeconds: number) {
  const disk = await mountSmallDisk(DISK_MEBIBYTES);
  if (!disk) console.log('No file system may be mounted here: the full disk is left out. Run it as root.');
  const options: ScenarioOptions = { awaySeconds, fullSeconds, disk };
  const scenario = await LOGS[log](options);
  try {
    const admin = await scenario.stack.signIn('admin');
    const publishers = await openPublishers(scenario, admin, count);
    for (const publisher of publishers) publisher.start();
    console.log(`\n${log} log, ${publishers.length} publishers`);
    await progress(publishers);
    const faults = [];
    for (const fault of scenario.faults) {
      await sleep(betweenSeconds * 1_000);
      await fault.happen();
      const recovery = rounded((await progress(publishers)) / 1_000);
      console.log(`  ${fault.name}: all publishers are acknowledged again ${recovery} s after`);
      faults.push({ fault: fault.name, recoverySeconds: recovery });
    }
    await Promise.all(publishers.map((publisher) => publisher.stop()));
    const result = await settledAudit(scenario, publishers);
    console.log(`  acknowledged ${result.acknowledged}, stored ${result.stored}, missing ${result.missing}, repeated ${result.repeated}`);
    return { log, faults, ...result };
  } finally {
    await scenario.stack.stop();
    await disk?.unmount();
  }
}

async function openPublishers({ mqttUrls }: Scenario, admin: SignedInClient, count: number): Promise<LedgerPublisher[]> {
  const profileId = await aProfile(admin, 'ledger');
  const devices: RegisteredDevice[] = [];
  for (let index = 0; index < count; index++) devices.push(await aDevice(admin, `ledger-${index}`, profileId));
  const startMs = Date.now() - 3_600_000;
  return devices.map((device, index) => new LedgerPublisher(device, startMs, mqttUrls[index % mqttUrls.length]!));
}

/** @returns Milliseconds until every publisher had new acknowledgements. */
async function progress(publishers: readonly LedgerPublisher[]): Promise<number> {
  const startedAt = performance.now();
  const wanted = new Map(publishers.map((publisher) => [publisher, publisher.acknowledged + PROGRESS]));
  for (;;) {
    const behind = publishers.filter((publisher) => publisher.acknowledged < wanted.get(publisher)!).length;
    if (behind === 0) return performance.now() - startedAt;
    if (performance.now() - startedAt > RECOVERY_DEADLINE_MS) throw new Error(`${behind} publishers are not acknowledged any more.`);
    await sleep(100);
  }
}

/** Behind a log that acknowledges before the store has it, the writer first works off what is there. */
async function settledAudit({ stack }: Scenario, publishers: readonly LedgerPublisher[]) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const result = await audit(await stack.signIn('admin'), publishers);
    if (result.missing === 0 || Date.now() > deadline) return result;
    await sleep(1_000);
  }
}
