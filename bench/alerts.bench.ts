import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { aDevice, aProfile } from '../e2e/client/device.js';
import type { SignedInClient } from '../e2e/client/graphql-client.js';
import { startStandalone } from '../e2e/stack/standalone-stack.js';
import { AlarmClock } from './alerts/alarm-clock.js';
import { evaluatorCpuUsPerReading } from './alerts/evaluator-cpu.js';
import { ALARMING_VALUE, alarmRules, inParallel, METRICS, quietRules, seriesOf, type Series } from './alerts/rules.js';
import { RawPublisher, type PublisherOptions } from './load/publisher.js';
import { preparePublishers } from './load/run-publishers.js';
import { cpuUsedUs } from './measure/cpu.js';
import { quantile, rounded } from './measure/statistics.js';

type Device = PublisherOptions & { id: string };

const BULK_DEVICES = 100;
const READINGS_PER_MESSAGE = 100;
/** A laggard is waited for this long after the last reading, then counted as missing. */
const PATIENCE_MS = 30_000;

/**
 * A fleet sends at a steady pace while other devices, a few each second, send the one reading that raises an alert.
 * First without any rule, then with more and more of them, in one run on one platform.
 */
export async function benchAlerts(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rules: { type: 'string', default: '1000,10000' },
      rate: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '30' },
      alarms: { type: 'string', default: '10' },
    },
  });
  const ruleCounts = values.rules.split(',').map(Number);
  const [rate, seconds, alarmsPerSecond] = [Number(values.rate), Number(values.seconds), Number(values.alarms)];
  // Each alarm has a series of its own, for one that comes back within a minute would be the old alert reopened; one more tries.
  const alarmDevices = Math.ceil((alarmsPerSecond * seconds + 1) / METRICS.length);
  const alone = { devices: BULK_DEVICES, readingsPerSecond: rate, readingsPerRecord: READINGS_PER_MESSAGE, seconds };
  const evaluatorUs = new Map<number, number>();
  for (const rules of ruleCounts) evaluatorUs.set(rules, rounded(await evaluatorCpuUsPerReading({ rules, ...alone })));

  const stack = await startStandalone({ NOTIFY_PRIVATE_ADDRESSES: 'allow', RATE_LIMIT: 'off' });
  try {
    const admin = await stack.signIn('admin');
    const metrics = METRICS.map((metric) => ({ metric, name: metric, unit: 'Cel', expectedInterval: 'PT10S' }));
    const profileId = await aProfile(admin, 'bench', { metrics });
    const port = Number(new URL(stack.mqttUrl).port);
    const devices = (name: string, count: number) => register(admin, port, profileId, name, count);
    const bulk = await devices('bulk', BULK_DEVICES);
    const clock = await AlarmClock.start(stack.url, admin.token);
    const settings = { url: clock.webhookUrl, secret: `whsec_${randomBytes(32).toString('base64')}` };
    await admin.request('mutation ($input: NotificationChannelInput!) { createNotificationChannel(input: $input) { id } }', {
      input: { name: 'bench', kind: 'WEBHOOK', settings },
    });

    /** The bulk, and what happens meanwhile. @returns CPU of everything, and how fast it really was. */
    const underLoad = async (meanwhile: () => Promise<unknown>) => {
      const shape = { metrics: METRICS, readingsPerSecond: rate, readingsPerMessage: READINGS_PER_MESSAGE, seconds };
      const publishers = await preparePublishers({ kind: 'stream', devices: bulk, ...shape });
      const cpuBefore = cpuUsedUs([stack.running.child.pid!]);
      const startedAt = performance.now();
      const [{ acknowledged }] = await Promise.all([publishers.run(), meanwhile()]);
      const readings = acknowledged * READINGS_PER_MESSAGE;
      return {
        readingsPerSecond: Math.round((readings * 1_000) / (performance.now() - startedAt)),
        platformCpuUsPerReading: rounded((cpuUsedUs([stack.running.child.pid!]) - cpuBefore) / readings),
      };
    };

    const without = await underLoad(() => Promise.resolve());
    console.log(`no rules: ${without.readingsPerSecond} readings/s, whole platform ${without.platformCpuUsPerReading} µs CPU per reading`);
    const bulkSeries = seriesOf(bulk.map(({ id }) => id));
    const made = { rules: 0, quiet: 0 };
    const results = [];
    for (const rules of ruleCounts) {
      const alarming = await devices(`alarm-${rules}`, alarmDevices);
      const [probe, ...series] = seriesOf(alarming.map(({ id }) => id)).slice(0, alarmsPerSecond * seconds + 1);
      const quiet = Math.max(0, rules - made.rules - series.length - 1);
      const inputs = [...quietRules(bulkSeries, quiet, made.quiet), ...alarmRules([...series, probe!])];
      await inParallel(inputs, 16, async (input) => {
        await admin.request('mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }', { input });
      });
      made.rules += inputs.length;
      made.quiet += quiet;
      const alarms = await Alarms.open(alarming, clock);
      // The last rule made has taken effect, so all have.
      const areWatched = await until(async () => {
        await alarms.raise(probe!);
        return clock.hasRaised(probe!);
      }, 500);
      if (!areWatched) throw new Error(`No alert came by the last of ${made.rules} rules.`);
      const load = await underLoad(() => alarms.raiseAll(series, alarmsPerSecond));
      await until(() => Promise.resolve(clock.times(series).missing === 0), 50);
      alarms.close();
      const { changedMs, calledMs, missing } = clock.times(series);
      const result = {
        rules: made.rules,
        ...load,
        evaluatorCpuUsPerReading: evaluatorUs.get(rules)!,
        alarms: series.length,
        missing,
        alertChanged: summary(changedMs),
        webhook: summary(calledMs),
      };
      console.log(
        `${result.rules} rules: ${load.readingsPerSecond} readings/s, evaluator ${result.evaluatorCpuUsPerReading} µs CPU per reading ` +
          `(whole platform ${load.platformCpuUsPerReading}); of ${series.length} alerts ${missing} missing\n` +
          `  publish to alertChanged ${text(result.alertChanged)}; publish to webhook ${text(result.webhook)}`,
      );
      results.push(result);
    }
    await clock.stop();
    await admin.close();
    return {
      ok: results.every(({ missing }) => missing === 0),
      rate,
      seconds,
      alarmsPerSecond,
      bulkDevices: BULK_DEVICES,
      without,
      results,
    };
  } finally {
    await stack.stop();
  }
}

interface Summary {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}
const summary = (ms: readonly number[]): Summary => ({
  p50Ms: rounded(quantile(ms, 0.5), 1),
  p99Ms: rounded(quantile(ms, 0.99), 1),
  maxMs: rounded(quantile(ms, 1), 1),
});
const text = ({ p50Ms, p99Ms, maxMs }: Summary) => `p50 ${p50Ms} ms, p99 ${p99Ms} ms, max ${maxMs} ms`;

async function until(holds: () => Promise<boolean>, everyMs: number): Promise<boolean> {
  for (const startedAt = performance.now(); performance.now() - startedAt < PATIENCE_MS;) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return false;
}

async function register(admin: SignedInClient, port: number, profileId: string, name: string, count: number): Promise<Device[]> {
  const devices: Device[] = [];
  await inParallel(Array.from({ length: count }), 4, async (_, index) => {
    const { id, username, token } = await aDevice(admin, `${name}-${index}`, profileId);
    const topic = `pulse/v1/${username}/readings`;
    devices[index] = { id, host: '127.0.0.1', port, username, password: token, clientId: username, topic, inFlight: 1_000 };
  });
  return devices;
}

/** Devices that are well but for one reading. Published from here, so that one clock times the way there and back. */
class Alarms {
  private constructor(
    private readonly publishers: ReadonlyMap<string, RawPublisher>,
    private readonly clock: AlarmClock,
  ) {}

  static async open(devices: readonly Device[], clock: AlarmClock): Promise<Alarms> {
    const publishers = new Map<string, RawPublisher>();
    for (const device of devices) publishers.set(device.id, await RawPublisher.open(device));
    return new Alarms(publishers, clock);
  }

  async raise(series: Series): Promise<void> {
    this.clock.note(series);
    await this.publishers.get(series.deviceId)!.publish(`{"values":{"${series.metric}":${ALARMING_VALUE}}}`);
  }

  async raiseAll(series: readonly Series[], perSecond: number): Promise<void> {
    const startedAt = performance.now();
    for (const [index, each] of series.entries()) {
      // Not in step with anything that runs every so often.
      const dueMs = ((index + Math.random()) * 1_000) / perSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, startedAt + dueMs - performance.now())));
      await this.raise(each);
    }
  }

  close(): void {
    for (const publisher of this.publishers.values()) publisher.close();
  }
}
