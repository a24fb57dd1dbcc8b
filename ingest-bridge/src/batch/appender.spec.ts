import type { LogRecord } from '@pulsegraph/contracts';
import { LogFullError, type EventLog } from '@pulsegraph/kit/event-log';
import { silentLog } from '@pulsegraph/kit/log';
import fc from 'fast-check';
import { Appender } from './appender.js';

const record = (n: number) => ({ type: 'readings', receivedAtUs: n }) as LogRecord;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Takes or refuses each append as told, each after as many turns of the event loop as told. */
function moodyLog(moods: readonly { refuses: boolean; turns: number }[]) {
  const taken: number[] = [];
  let calls = 0;
  const append: EventLog['append'] = async (records) => {
    const { refuses, turns } = moods[calls++] ?? { refuses: false, turns: 0 };
    for (let i = 0; i < turns; i++) await turn();
    if (refuses) throw calls % 2 ? new LogFullError(1) : new Error('away');
    taken.push(...records.map(({ receivedAtUs }) => receivedAtUs));
  };
  return { taken, eventLog: { append } as EventLog };
}

it('gives every receipt once, after its record is in the log, however the log behaves', async () => {
  const moods = fc.array(fc.record({ refuses: fc.boolean(), turns: fc.nat(3) }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(moods, fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }), async (list, perTurn) => {
      const { taken, eventLog } = moodyLog(list);
      const appender = new Appender(eventLog, silentLog, { firstPauseMs: 1 });
      const receipts: number[] = [];
      let next = 0;
      for (const count of perTurn) {
        for (let i = 0; i < count; i++) {
          const n = next++;
          appender.push([record(n)], {
            appended: () => {
              expect(taken).toContain(n);
              receipts.push(n);
            },
          });
        }
        await turn();
      }
      await appender.drain();
      const all = Array.from({ length: next }, (_, n) => n);
      expect([...receipts].sort((a, b) => a - b)).toEqual(all);
      expect([...taken].sort((a, b) => a - b)).toEqual(all);
    }),
    { numRuns: 100, seed: 5 },
  );
});

it('appends nothing newer while something older waits to be tried again', async () => {
  const { taken, eventLog } = moodyLog([{ refuses: true, turns: 0 }]);
  const appender = new Appender(eventLog, silentLog, { firstPauseMs: 1 });
  for (let n = 0; n < 5; n++) {
    appender.push([record(n)], { appended: () => undefined });
    await turn();
  }
  await appender.drain();
  expect(taken).toEqual([0, 1, 2, 3, 4]);
});
