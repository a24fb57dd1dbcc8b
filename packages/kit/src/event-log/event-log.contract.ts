import type { ConsumerGroup, LogRecord } from '@pulsegraph/contracts';
import { aReading, aReadingsRecord, eventually as eventuallyWithin, type EventuallyOptions } from '@pulsegraph/testkit';
import type { EventLog, LogEntry } from './event-log.js';
import { comparePositions } from './position.js';

const WRITER: ConsumerGroup = 'telemetry-writer';
const EVALUATOR: ConsumerGroup = 'alert-evaluator';

/** The n-th record of a device, recognisable by its value. */
export const numbered = (device: number, n: number): LogRecord =>
  aReadingsRecord({ deviceId: `device-${device}`, deviceKey: `d${device}`, readings: [aReading({ value: n })] });

/** Keeps what a handler was given, by device. */
export function recorder() {
  const byDevice = new Map<string, number[]>();
  const entries: LogEntry[] = [];
  return {
    entries,
    handle: async (batch: readonly LogEntry[]) => {
      for (const entry of batch) {
        entries.push(entry);
        if (entry.record.type !== 'readings') continue;
        const values = byDevice.get(entry.record.deviceId) ?? [];
        values.push(entry.record.readings[0]!.value!);
        byDevice.set(entry.record.deviceId, values);
      }
    },
    of: (device: number) => byDevice.get(`device-${device}`) ?? [],
    count: () => entries.length,
  };
}

const oneTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

/** What every engine promises. `open` gives a fresh, empty log that expects both groups; `patience` is for slow engines. */
export function describeEventLog(open: (groups: readonly ConsumerGroup[]) => Promise<EventLog>, patience?: EventuallyOptions): void {
  let log: EventLog;
  const eventually = <T>(assertion: () => T | Promise<T>) => eventuallyWithin(assertion, patience);
  beforeEach(async () => {
    log = await open([WRITER, EVALUATOR]);
  });
  afterEach(() => log.close());

  it('delivers every record to every group, in order per device', async () => {
    const [writer, evaluator] = [recorder(), recorder()];
    await log.consume(WRITER, writer.handle);
    await log.consume(EVALUATOR, evaluator.handle);
    await Promise.all(oneTo(200).flatMap((n) => [log.append([numbered(1, n)]), log.append([numbered(2, n), numbered(3, n)])]));
    for (const group of [writer, evaluator]) {
      await eventually(() => expect(group.count()).toBe(600));
      for (const device of [1, 2, 3]) expect(group.of(device)).toEqual(oneTo(200));
    }
  });

  it('gives positions that grow within a partition', async () => {
    const writer = recorder();
    await log.consume(WRITER, writer.handle);
    await log.consume(EVALUATOR, async () => undefined);
    for (const n of oneTo(12)) await log.append([numbered(1, n), numbered(2, n)]);
    await eventually(() => expect(writer.count()).toBe(24));
    const last = new Map<number, string>();
    for (const { partition, position } of writer.entries) {
      const before = last.get(partition);
      if (before) expect(comparePositions(before, position)).toBeLessThan(0);
      last.set(partition, position);
    }
  });

  it('keeps records for a group that attaches later', async () => {
    const writer = recorder();
    await log.consume(EVALUATOR, async () => undefined);
    const appended = log.append(oneTo(5).map((n) => numbered(1, n)));
    await log.consume(WRITER, writer.handle);
    await appended;
    await eventually(() => expect(writer.of(1)).toEqual(oneTo(5)));
  });

  it('gives a failing handler the same batch again before anything newer', async () => {
    const writer = recorder();
    const attempts: string[][] = [];
    await log.consume(EVALUATOR, async () => undefined);
    await log.consume(WRITER, async (batch) => {
      attempts.push(batch.map(({ position }) => position));
      if (attempts.length <= 2) throw new Error('Not now.');
      await writer.handle(batch);
    });
    const appends = oneTo(20).map((n) => log.append([numbered(1, n)]));
    await Promise.all(appends);
    await eventually(() => expect(writer.of(1)).toEqual(oneTo(20)));
    expect(attempts[1]).toEqual(attempts[0]);
    expect(attempts[2]).toEqual(attempts[0]);
  });

  it('does not deliver the next batch of a device before the handler has finished, nor more than it was asked', async () => {
    let running = 0;
    let most = 0;
    let largest = 0;
    const writer = recorder();
    await log.consume(EVALUATOR, async () => undefined);
    const handler = async (batch: readonly LogEntry[]) => {
      most = Math.max(most, ++running);
      largest = Math.max(largest, batch.length);
      await new Promise((resolve) => setImmediate(resolve));
      await writer.handle(batch);
      running--;
    };
    await log.consume(WRITER, handler, { maxBatchRecords: 7 });
    await log.append(oneTo(50).map((n) => numbered(1, n)));
    await eventually(() => expect(writer.of(1)).toEqual(oneTo(50)));
    expect(most).toBe(1);
    expect(largest).toBe(7);
  });

  it('counts what a group has not handled', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await log.consume(EVALUATOR, async () => undefined);
    await log.consume(WRITER, () => held);
    const appended = log.append(oneTo(3).map((n) => numbered(1, n)));
    await eventually(async () => expect(await log.backlog(EVALUATOR)).toBe(0));
    expect(await log.backlog(WRITER)).toBe(3);
    release();
    await appended;
    await eventually(async () => expect(await log.backlog(WRITER)).toBe(0));
  });

  it('finishes the batch in hand on stop, and a later consumer goes on behind it', async () => {
    const [first, second] = [recorder(), recorder()];
    let entered: () => void = () => undefined;
    const inHand = new Promise<void>((resolve) => (entered = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await log.consume(EVALUATOR, async () => undefined);
    const consumer = await log.consume(WRITER, async (batch) => {
      entered();
      await held;
      await first.handle(batch);
    });
    const before = log.append([numbered(1, 1)]);
    await inHand;
    const after = log.append([numbered(1, 2)]);
    const stopped = consumer.stop();
    release();
    await stopped;
    const seen = [...first.of(1)];
    expect(seen[0]).toBe(1);
    await log.consume(WRITER, second.handle);
    await Promise.all([before, after]);
    await eventually(() => expect([...seen, ...second.of(1)]).toEqual([1, 2]));
  });

  it('takes nothing more once it is closed', async () => {
    await log.close();
    await expect(log.append([numbered(1, 1)])).rejects.toThrow('closed');
  });
}
