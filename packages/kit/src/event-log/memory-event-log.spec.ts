import { eventually } from '@pulsegraph/testkit';
import { describeEventLog, numbered, recorder } from './event-log.contract.js';
import { createMemoryEventLog } from './memory-event-log.js';

describe('memory event log', () => {
  describeEventLog(async (groups) => createMemoryEventLog({ groups }));

  it('resolves an append only when every known group has handled it', async () => {
    const log = createMemoryEventLog({ groups: ['telemetry-writer', 'alert-evaluator'] });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const evaluator = recorder();
    await log.consume('alert-evaluator', evaluator.handle);
    await log.consume('telemetry-writer', () => held);
    let safe = false;
    const appended = log.append([numbered(1, 1)]).then(() => (safe = true));
    await eventually(() => expect(evaluator.count()).toBe(1));
    expect(safe).toBe(false);
    release();
    await appended;
    await log.close();
  });

  it('makes appends wait at the bound, and lets them in as the slowest group goes on', async () => {
    // A record is estimated at 420 bytes: two fit.
    const log = createMemoryEventLog({ groups: ['telemetry-writer'], maxBytesInFlight: 900 });
    const batches: number[] = [];
    const writer = recorder();
    const appends = Array.from({ length: 7 }, (_, n) => log.append([numbered(1, n)]));
    await log.consume('telemetry-writer', async (batch) => {
      batches.push(batch.length);
      await writer.handle(batch);
    });
    await Promise.all(appends);
    expect(writer.of(1)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(Math.max(...batches)).toBe(2);
    await log.close();
  });

  it('hands over everything that queued meanwhile as one batch', async () => {
    const log = createMemoryEventLog();
    const batches: number[] = [];
    await log.consume('telemetry-writer', async (batch) => {
      batches.push(batch.length);
    });
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => log.append([numbered(n % 9, n)])));
    expect(batches).toEqual([1_000]);
    await log.close();
  });

  it('tells who appended that nothing was stored when it closes before', async () => {
    const log = createMemoryEventLog({ groups: ['telemetry-writer'] });
    const appended = log.append([numbered(1, 1)]);
    await Promise.all([expect(appended).rejects.toThrow('closed'), log.close()]);
  });
});
