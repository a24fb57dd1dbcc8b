import { parseArgs } from 'node:util';
import { FanoutContender } from './fanout/contender.js';
import type { ServerKind } from './fanout/servers.js';
import { cpuUsedUs } from './measure/cpu.js';
import { median, rounded } from './measure/statistics.js';

interface Run {
  messagesPerSecond: number;
  cpuUsPerMessage: number;
}

interface Pace {
  name: 'one by one' | 'burst';
  /** Messages of one measurement, all subscribers together. */
  messages: number;
  kinds: ServerKind[];
}

/** Events in a burst are published in groups of this many, so that no client falls behind and is thinned out. */
const BURST = 60;
const WARM_UP_EVENTS = 20;

/**
 * One event to every subscriber: ours beside a raw `ws` broadcast of the same bytes and graphql-ws, which executes for each
 * subscriber. One by one nothing can be gathered: that is the cost of a message by itself. In a burst we gather writes.
 */
export async function benchFanout(args: string[]): Promise<object> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      subscribers: { type: 'string', multiple: true, default: ['1000', '10000'] },
      messages: { type: 'string', default: '240000' },
    },
  });
  const messages = Number(values.messages);
  const paces: Pace[] = [
    { name: 'one by one', messages, kinds: ['raw', 'graphql-ws', 'ours'] },
    { name: 'burst', messages: messages * 2, kinds: ['raw', 'graphql-ws', 'ours-coalescing'] },
  ];
  const results = [];
  for (const count of values.subscribers.map(Number)) {
    const contenders = new Map<ServerKind, FanoutContender>();
    try {
      for (const kind of ['raw', 'graphql-ws', 'ours', 'ours-coalescing'] as const) {
        const contender = new FanoutContender(kind);
        contenders.set(kind, contender);
        await contender.open(count);
        console.log(`${count} subscribers of ${kind}: ${rounded(contender.bytesPerSubscription / 1_024, 1)} KiB each`);
        await contender.oneByOne(WARM_UP_EVENTS);
        await contender.burst(Math.min(BURST, WARM_UP_EVENTS));
      }
      for (const pace of paces) {
        const runs = new Map<ServerKind, Run[]>(pace.kinds.map((kind) => [kind, []]));
        for (let round = 0; round < Number(values.rounds); round += 1) {
          for (let turn = 0; turn < pace.kinds.length; turn += 1) {
            const kind = pace.kinds[(round + turn) % pace.kinds.length]!;
            const run = await measure(contenders.get(kind)!, pace, count);
            runs.get(kind)!.push(run);
            console.log(
              `${count} subscribers, ${pace.name}, round ${round + 1}, ${kind}: ${run.cpuUsPerMessage} µs, ${run.messagesPerSecond}/s`,
            );
          }
        }
        const medians = Object.fromEntries([...runs].map(([kind, each]) => [kind, summary(each)])) as Record<ServerKind, Run>;
        results.push({ subscribers: count, pace: pace.name, medians, runs: Object.fromEntries(runs) });
      }
      const idleBytes = Object.fromEntries(
        [...contenders].map(([kind, { bytesPerSubscription }]) => [kind, Math.round(bytesPerSubscription)]),
      );
      results.push({ subscribers: count, idleBytes });
    } finally {
      await Promise.all([...contenders.values()].map((contender) => contender.stop()));
    }
  }
  print(results);
  return { messages, results };
}

async function measure(contender: FanoutContender, { name, messages }: Pace, subscribers: number): Promise<Run> {
  const events = Math.max(1, Math.round(messages / subscribers));
  const cpuBefore = cpuUsedUs([contender.pid]);
  const startedAt = performance.now();
  if (name === 'one by one') await contender.oneByOne(events);
  else for (let left = events; left > 0; left -= BURST) await contender.burst(Math.min(left, BURST));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sent = events * subscribers;
  return { messagesPerSecond: Math.round(sent / seconds), cpuUsPerMessage: rounded((cpuUsedUs([contender.pid]) - cpuBefore) / sent) };
}

const summary = (runs: readonly Run[]): Run => ({
  messagesPerSecond: median(runs.map((run) => run.messagesPerSecond)),
  cpuUsPerMessage: median(runs.map((run) => run.cpuUsPerMessage)),
});

type Result = { subscribers: number } & (
  { pace: string; medians: Record<string, Run>; idleBytes?: undefined } | { idleBytes: Record<string, number>; medians?: undefined }
);

function print(results: readonly Result[]): void {
  console.log('\nMedians. CPU of the server per message, its ratio to raw ws, messages per second.');
  for (const result of results) {
    if (result.medians) {
      console.log(`\n${result.subscribers} subscribers, ${result.pace}`);
      for (const [kind, { cpuUsPerMessage, messagesPerSecond }] of Object.entries(result.medians)) {
        const ratio = (cpuUsPerMessage / result.medians.raw!.cpuUsPerMessage).toFixed(2);
        console.log(`  ${kind.padEnd(16)}${cpuUsPerMessage.toFixed(2).padStart(7)} µs  × ${ratio}  ${messagesPerSecond}/s`);
      }
    } else {
      const weights = Object.entries(result.idleBytes).map(([kind, bytes]) => `${kind} ${rounded(bytes / 1_024, 1)} KiB`);
      console.log(`\n${result.subscribers} idle subscriptions, resident memory each: ${weights.join(', ')}`);
    }
  }
}
