import { parseArgs } from 'node:util';
import { startStandalone } from '../e2e/stack/standalone-stack.js';
import { countStored } from './burst/count-stored.js';
import { readStatus, StatusWatch } from './burst/status-watch.js';
import { truthOf } from './burst/truth.js';
import { until } from './ledger/stage.js';
import { registerDevices } from './load/devices.js';
import type { PublisherProgress } from './load/publisher-process.js';
import { preparePublishers } from './load/run-publishers.js';
import { MemoryWatch } from './measure/memory.js';
import { rounded } from './measure/statistics.js';

const TIMES = 10;
const RECOVERY_DEADLINE_MS = 600_000;
/** Of all devices together: what a burst may put between publisher and platform before its senders wait. */
const IN_FLIGHT = 20_000;

/** A sustained rate, ten times as much, the sustained rate again: what is stored, memory, recovery, and what the status said. */
export async function benchBurst(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rate: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '60' },
      devices: { type: 'string', default: '100' },
    },
  });
  const [rate, seconds, count] = [Number(values.rate), Number(values.seconds), Number(values.devices)];
  const stack = await startStandalone();
  try {
    const admin = await stack.signIn('admin');
    const devices = await registerDevices(stack, admin, { count, inFlight: Math.ceil(IN_FLIGHT / count) });
    const acceptedBefore = (await readStatus(admin)).acceptedTotal;
    const total: PublisherProgress = { sent: 0, acknowledged: 0 };
    let current = { progress: { sent: 0, acknowledged: 0 } };
    const watch = new StatusWatch(admin, () => ({
      sent: total.sent + current.progress.sent,
      acknowledged: total.acknowledged + current.progress.acknowledged,
    }));
    const memory = new MemoryWatch(stack.running.child.pid!);
    const fromMs = Date.now() - 60_000;
    const phase = async (messagesPerSecond: number) => {
      const publishers = await preparePublishers({
        kind: 'rate',
        devices,
        metric: 'temperature',
        messagesPerSecond,
        seconds,
        plain: true,
      });
      current = publishers;
      const startedAt = performance.now();
      const { sent, acknowledged } = await publishers.run();
      total.sent += sent;
      total.acknowledged += acknowledged;
      current = { progress: { sent: 0, acknowledged: 0 } };
      return { asked: messagesPerSecond, sent, acknowledged, tookSeconds: rounded((performance.now() - startedAt) / 1_000, 1) };
    };

    const before = await phase(rate);
    const memoryBeforeMebibytes = memory.peakMebibytes;
    const burst = await phase(rate * TIMES);
    const backlogGone = until(
      'the backlog is gone',
      async () => {
        const { acceptedTotal, backlog } = await readStatus(admin);
        return acceptedTotal - acceptedBefore >= before.acknowledged + burst.acknowledged && backlog < rate;
      },
      RECOVERY_DEADLINE_MS,
    );
    const burstEndedAt = performance.now();
    const recovery = backlogGone.then(() => (performance.now() - burstEndedAt) / 1_000);
    // Awaited below, once the last phase is over.
    recovery.catch(() => undefined);
    const after = await phase(rate);
    // Senders that had to wait took longer than the burst was meant to last: that is part of the recovery.
    const recoverySeconds = rounded((await recovery) + Math.max(0, burst.tookSeconds - seconds), 1);
    await until('everything is stored', async () => (await readStatus(admin)).backlog === 0, RECOVERY_DEADLINE_MS);
    await watch.stop();
    memory.stop();
    const auditor = await stack.signIn('admin');
    const stored = await countStored(auditor, devices, fromMs, Date.now() + 60_000);
    const lost = total.acknowledged - stored;
    const truth = truthOf(watch.samples, acceptedBefore);

    for (const [name, { asked, acknowledged, tookSeconds }] of Object.entries({ before, burst, after }))
      console.log(`${name.padEnd(8)}${asked}/s asked for ${seconds} s: ${acknowledged} acknowledged in ${tookSeconds} s`);
    console.log(
      `acknowledged ${total.acknowledged}, stored ${stored}, lost ${lost}; the backlog was gone ${recoverySeconds} s after the burst`,
    );
    console.log(`resident memory: ${memoryBeforeMebibytes} MiB at most before the burst, ${memory.peakMebibytes} at most in all`);
    console.log('pipelineStatus:', truth, `unanswered: ${watch.failures}`);
    const ok = lost === 0 && truth.backlogTooHigh + truth.backlogTooLow + truth.healthWrong === 0;
    return {
      ok,
      devices: count,
      inFlight: IN_FLIGHT,
      seconds,
      phases: { before, burst, after },
      acknowledged: total.acknowledged,
      stored,
      lost,
      recoverySeconds,
      memory: { beforeMebibytes: memoryBeforeMebibytes, peakMebibytes: memory.peakMebibytes },
      truth: { ...truth, unanswered: watch.failures },
      samples: watch.samples.map((sample) => ({ ...sample, atMs: Math.round(sample.atMs) })),
    };
  } finally {
    await stack.stop();
  }
}
