import { randomUUID } from 'node:crypto';
import {
  busChannel,
  ReadingFlag,
  type LogRecord,
  type ReadingsRecord,
  type RecordedReading,
  type StoredBatch,
} from '@pulsegraph/contracts';
import { createMemoryEventLog, type EventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createPool } from '@pulsegraph/kit/postgres';
import { OTHER_ORGANIZATION, TEST_ORGANIZATION, aReading, aReadingsRecord, aRejectionRecord, testDatabase } from '@pulsegraph/testkit';
import fc from 'fast-check';
import { decodeStoredReadings } from '../live/stored-batch-codec.js';
import { Aggregate, HOUR_US, MINUTE_US, floorTo } from '../rollup/aggregate.js';
import { Partitions } from './partitions.js';
import { DEFAULT_RETENTION, dropOldPartitions, pruneDeadLetters, pruneStoredBatches } from './retention.js';
import { createTelemetryWriter, type TelemetryWriter } from './writer.js';

const db = testDatabase('telemetry');
/** So that readings are found where they were put; packing has its own test. */
const NEVER_DAYS = 100_000;
const NOW_US = floorTo(Date.now() * 1000, MINUTE_US);

interface Running {
  writer: TelemetryWriter;
  eventLog: EventLog;
  published: StoredBatch[];
  append(...records: LogRecord[]): Promise<void>;
  stop(): Promise<void>;
}
const running = new Set<Running>();

/** As in standalone: `append` resolves when the writer has handled the records. */
async function startWriter(): Promise<Running> {
  const eventLog = createMemoryEventLog({ groups: ['telemetry-writer'] });
  const bus = createInProcessBus();
  const published: StoredBatch[] = [];
  for (const { id } of [TEST_ORGANIZATION, OTHER_ORGANIZATION]) {
    await bus.subscribe(busChannel.readings(id), (batch: StoredBatch) => void published.push(batch));
  }
  const writer = createTelemetryWriter({ databaseUrl: db.url, bus, eventLog, log: silentLog, retention: { packAfterDays: NEVER_DAYS } });
  await writer.start();
  const one: Running = {
    writer,
    eventLog,
    published,
    append: (...records) => eventLog.append(records),
    stop: async () => {
      running.delete(one);
      await writer.stop();
      await eventLog.close();
    },
  };
  running.add(one);
  return one;
}
afterEach(async () => {
  for (const one of running) await one.stop();
});

const aDevice = () => ({ deviceId: randomUUID(), deviceKey: 'device' });
const readingsOf = async (deviceId: string) =>
  (
    await db.rows<{ us: string; value: number | null; text: string | null }>(
      `select (extract(epoch from recorded_at) * 1000000)::int8 as us, value, text from reading join series using (series_id)
       where device_id = $1 order by recorded_at`,
      [deviceId],
    )
  ).map(({ us, value, text }) => [Number(us), value ?? text]);
const latestOf = async (deviceId: string) =>
  (await db.rows(`select value from latest join series using (series_id) where device_id = $1`, [deviceId]))[0]?.value;
const counters = async (organizationId: string = TEST_ORGANIZATION.id) => {
  const [row] = await db.rows<Record<'accepted' | 'duplicates' | 'rejected', number>>(
    `select coalesce(sum(accepted), 0)::int as accepted, coalesce(sum(duplicates), 0)::int as duplicates,
       coalesce(sum(rejected), 0)::int as rejected from pipeline_counter where organization_id = $1`,
    [organizationId],
  );
  return row!;
};
const storedReadings = async (deviceId: string) =>
  (await db.rows<{ payload: Buffer }>('select payload from stored_batch order by "group", seq')).flatMap(({ payload }) =>
    decodeStoredReadings(payload).flatMap((stored) => (stored.deviceId === deviceId ? stored.readings : [])),
  );

/** Rollup rows of a device's only series, by table. */
const rollupOf = (table: string, deviceId: string) =>
  db.rows<Record<string, number>>(
    `select extract(epoch from bucket)::float8 * 1e6 as bucket, count, mean, m2, min, max, last, mean_at, m2_at, co,
       (extract(epoch from last_at) * 1000000)::float8 as last_at, (extract(epoch from first_at) * 1000000)::float8 as first_at
     from ${table} join series using (series_id) where device_id = $1 order by bucket`,
    [deviceId],
  );

function bruteForce(readings: readonly Pick<RecordedReading, 'recordedAtUs' | 'value'>[], unitUs: number) {
  const buckets = new Map<number, Aggregate>();
  for (const { recordedAtUs, value } of readings.toSorted((a, b) => a.recordedAtUs - b.recordedAtUs)) {
    const startUs = floorTo(recordedAtUs, unitUs);
    if (!buckets.has(startUs)) buckets.set(startUs, new Aggregate(startUs));
    buckets.get(startUs)!.add(recordedAtUs, value!);
  }
  return [...buckets.values()].sort((a, b) => a.startUs - b.startUs);
}

function expectClose(actual: number, expected: number) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

async function expectRollups(deviceId: string, readings: readonly RecordedReading[]) {
  for (const [table, unitUs] of [
    ['rollup_minute', MINUTE_US],
    ['rollup_hour', HOUR_US],
  ] as const) {
    const rows = await rollupOf(table, deviceId);
    const expected = bruteForce(readings, unitUs);
    expect(rows.map(({ bucket, count }) => [bucket, count])).toEqual(expected.map(({ startUs, count }) => [startUs, count]));
    rows.forEach((row, index) => {
      const truth = expected[index]!;
      expect([row.min, row.max, row.last, row.last_at, row.first_at]).toEqual([
        truth.min,
        truth.max,
        truth.last,
        truth.lastAtUs,
        truth.firstAtUs,
      ]);
      expectClose(row.mean!, truth.mean);
      expectClose(row.m2!, truth.m2);
      expectClose(row.mean_at!, truth.meanAt);
      expectClose(row.m2_at!, truth.m2At);
      expectClose(row.co!, truth.co);
    });
  }
}

describe('a stored reading', () => {
  it('is there once, however often and beside whatever it is delivered again', async () => {
    const one = await startWriter();
    const device = aDevice();
    const record = (from: number, to: number): ReadingsRecord =>
      aReadingsRecord({
        ...device,
        readings: Array.from({ length: to - from }, (_, i) => aReading({ recordedAtUs: NOW_US + (from + i) * 1_000_000, value: from + i })),
      });
    const before = await counters();
    await one.append(record(0, 10));
    await one.append(record(0, 10));
    await one.append(record(5, 15), record(12, 20));
    await one.append(record(0, 20));

    expect(await readingsOf(device.deviceId)).toEqual(Array.from({ length: 20 }, (_, i) => [NOW_US + i * 1_000_000, i]));
    const after = await counters();
    expect([after.accepted - before.accepted, after.duplicates - before.duplicates]).toEqual([20, 38]);
    expect((await storedReadings(device.deviceId)).map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    await one.stop();
    await expectRollups(device.deviceId, record(0, 20).readings);
  });

  it('keeps the first of two values for one instant', async () => {
    const one = await startWriter();
    const device = aDevice();
    const at = (value: number) => aReading({ recordedAtUs: NOW_US, value });
    await one.append(aReadingsRecord({ ...device, readings: [at(1), at(2)] }));
    await one.append(aReadingsRecord({ ...device, readings: [at(3)] }));
    expect(await readingsOf(device.deviceId)).toEqual([[NOW_US, 1]]);
    expect(await latestOf(device.deviceId)).toBe(1);
  });

  it('moves latest forward only, and not at all when it is history', async () => {
    const one = await startWriter();
    const device = aDevice();
    const at = (offsetS: number, value: number, flags = 0) => aReading({ recordedAtUs: NOW_US + offsetS * 1_000_000, value, flags });
    await one.append(aReadingsRecord({ ...device, readings: [at(0, 10), at(-30, 9)] }));
    await one.append(aReadingsRecord({ ...device, readings: [at(-10, 11)] }));
    await one.append(aReadingsRecord({ ...device, readings: [at(20, 12, ReadingFlag.HISTORICAL)] }));
    expect(await latestOf(device.deviceId)).toBe(10);
    await one.append(aReadingsRecord({ ...device, readings: [at(1, 13, ReadingFlag.LATE)] }));
    expect(await latestOf(device.deviceId)).toBe(13);
    expect(await readingsOf(device.deviceId)).toHaveLength(5);
  });

  it('may be a word, which has no rollup', async () => {
    const one = await startWriter();
    const device = aDevice();
    const word = (text: string, offsetS: number) =>
      aReading({ metric: 'state', kind: 'TEXT', unit: '1', value: null, text, recordedAtUs: NOW_US + offsetS * 1_000_000 });
    await one.append(aReadingsRecord({ ...device, readings: [word('running', 0), word('stopped – für immer', 1)] }));
    await one.stop();
    expect((await readingsOf(device.deviceId)).map(([, text]) => text)).toEqual(['running', 'stopped – für immer']);
    expect(await rollupOf('rollup_minute', device.deviceId)).toEqual([]);
  });
});

describe('what a commit announces', () => {
  it('is per organization what was new, with its place after the batch before', async () => {
    const one = await startWriter();
    const [mine, theirs] = [aDevice(), aDevice()];
    const of = (device: typeof mine, organizationId: string, second: number) =>
      aReadingsRecord({ ...device, organizationId, readings: [aReading({ recordedAtUs: NOW_US + second * 1_000_000, value: second })] });
    await one.append(of(mine, TEST_ORGANIZATION.id, 0), of(theirs, OTHER_ORGANIZATION.id, 0));
    await one.append(of(theirs, OTHER_ORGANIZATION.id, 1));
    await one.append(of(mine, TEST_ORGANIZATION.id, 0));
    await one.append(of(mine, TEST_ORGANIZATION.id, 0), of(mine, TEST_ORGANIZATION.id, 2));

    const heard = (deviceId: string) => one.published.filter(({ devices }) => devices.some((device) => device.deviceId === deviceId));
    const mineHeard = heard(mine.deviceId);
    expect(mineHeard.map(({ devices }) => devices.flatMap(({ readings }) => readings.map(({ value }) => value)))).toEqual([[0], [2]]);
    expect(mineHeard[1]!.previousSeq).toBe(mineHeard[0]!.seq);
    expect(heard(theirs.deviceId)[1]!.previousSeq).toBe(heard(theirs.deviceId)[0]!.seq);
    expect(one.published.map(({ seq }) => seq)).toEqual(one.published.map(({ seq }) => seq).toSorted((a, b) => a - b));
  });
});

describe('a writer that dies', () => {
  /** As kill -9 does: the connection and all that memory held are gone. */
  const kill = async () => {
    const killed = await db.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pulsegraph-telemetry-writer' and datname = current_database()`,
    );
    expect(killed).toHaveLength(1);
  };

  it('loses nothing between two batches: rollups come back from what was committed', async () => {
    const one = await startWriter();
    const device = aDevice();
    const readings = Array.from({ length: 300 }, (_, i) =>
      aReading({ recordedAtUs: NOW_US - 240_000_000 + i * 1_000_000, value: Math.sin(i) * 50 }),
    );
    for (let i = 0; i < 300; i += 60) {
      await one.append(aReadingsRecord({ ...device, readings: readings.slice(i, i + 60) }));
      if (i === 120) await kill();
    }
    await one.stop();
    await expectRollups(device.deviceId, readings);
  });

  it('stores a batch once when it dies between COPY and acknowledgement', async () => {
    const device = aDevice();
    const record = aReadingsRecord({
      ...device,
      readings: Array.from({ length: 5 }, (_, i) => aReading({ recordedAtUs: NOW_US + i, value: i })),
    });
    // The acknowledgement is lost: the log delivers to the next writer what this one has committed.
    const first = await startWriter();
    await first.append(record);
    await first.stop();
    const before = await counters();
    const second = await startWriter();
    await second.append(record, aReadingsRecord({ ...device, readings: [aReading({ recordedAtUs: NOW_US + 5, value: 5 })] }));
    expect(await readingsOf(device.deviceId)).toHaveLength(6);
    const after = await counters();
    expect([after.accepted - before.accepted, after.duplicates - before.duplicates]).toEqual([1, 5]);
    expect((await storedReadings(device.deviceId)).map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('goes on by itself when the connection is back', async () => {
    const one = await startWriter();
    await kill();
    const device = aDevice();
    await one.append(aReadingsRecord({ ...device }));
    expect(await readingsOf(device.deviceId)).toHaveLength(1);
  });
});

it('two writers take two groups, and each continues its own order', async () => {
  const [one, two] = [await startWriter(), await startWriter()];
  await one.append(aReadingsRecord({ ...aDevice() }));
  await two.append(aReadingsRecord({ ...aDevice() }));
  expect(one.published.at(-1)!.group).not.toBe(two.published.at(-1)!.group);
});

describe('a record that Postgres refuses', () => {
  it('becomes a dead letter alone, and its neighbours are stored', async () => {
    const one = await startWriter();
    const device = aDevice();
    const bad = aReading({ metric: 'state', kind: 'TEXT', unit: '1', value: null, text: 'a\0b', recordedAtUs: NOW_US + 7 });
    const garbage = aReading({ value: 5e-324, recordedAtUs: NOW_US + 9 });
    // The column's own limit, found by Postgres and not by us.
    const wrongKind = aReading({ metric: 'odd', kind: 'CURVE' as 'TEXT', value: 1, recordedAtUs: NOW_US + 8 });
    await one.append(
      ...Array.from({ length: 20 }, (_, i) =>
        aReadingsRecord({ ...device, readings: [aReading({ recordedAtUs: NOW_US + i * 1000, value: i })] }),
      ),
      aReadingsRecord({
        ...device,
        readings: [aReading({ recordedAtUs: NOW_US + 500_000 }), bad, wrongKind, garbage, aReading({ recordedAtUs: NOW_US + 600_000 })],
      }),
      aReadingsRecord({ ...device, readings: [aReading({ recordedAtUs: NOW_US + 700_000 })] }),
    );
    expect(await readingsOf(device.deviceId)).toHaveLength(23);
    const letters = await db.rows<{ reason: string; detail: string; payload: string }>(
      `select reason, detail, payload from dead_letter where device_id = $1 order by reason, detail`,
      [device.deviceId],
    );
    expect(letters.map(({ reason }) => reason)).toEqual(['IMPLAUSIBLE', 'MALFORMED', 'MALFORMED']);
    expect(letters.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('no quantity'),
      expect.stringContaining('NUL'),
      expect.stringContaining('series_kind_check'),
    ]);
    expect(JSON.parse(letters[1]!.payload)).toEqual([{ metric: 'state', unit: '1', t0: bad.recordedAtUs / 1000, dt: [0], v: ['a\0b'] }]);
  });

  it('keeps the same rejection once, and the newest of too many', async () => {
    const one = await startWriter();
    const organizationId = randomUUID();
    const letter = (n: number) => aRejectionRecord({ organizationId, payload: `no ${n}\0`, receivedAtUs: NOW_US + n * 1_000_000 });
    await one.append(letter(1), letter(2));
    await one.append(letter(2), letter(3), letter(4));
    expect(await counters(organizationId)).toMatchObject({ accepted: 0, rejected: 4 });
    const inbox = () =>
      db.rows<{ payload: string; encoding: string }>(
        'select payload, encoding from dead_letter where organization_id = $1 order by received_at',
        [organizationId],
      );
    expect((await inbox()).map(({ payload, encoding }) => [Buffer.from(payload, 'base64').toString(), encoding])).toEqual(
      [1, 2, 3, 4].map((n) => [`no ${n}\0`, 'BASE64']),
    );
    const pool = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
    await pruneDeadLetters(pool, { ...DEFAULT_RETENTION, deadLetterCap: 3 });
    await pool.end();
    expect((await inbox()).map(({ payload }) => Buffer.from(payload, 'base64').toString())).toEqual([2, 3, 4].map((n) => `no ${n}\0`));
  });
});

describe('late data', () => {
  it('in any order and any portions gives the rollups and the latest of the same data in order', async () => {
    const one = await startWriter();
    const weekAgoUs = NOW_US - 7 * 24 * HOUR_US;
    const value = fc.oneof(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((drawn) => (Math.abs(drawn) < 1e-100 ? 0 : drawn)),
      fc.integer({ min: -5, max: 5 }),
      fc.constantFrom(1e-100, -1e-100),
    );
    const reading = fc.record({ second: fc.integer({ min: 0, max: 3 * 3_600 }), us: fc.integer({ min: 0, max: 3 }), value });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(reading, { selector: ({ second, us }) => `${second}.${us}`, minLength: 1, maxLength: 120 }),
        fc.infiniteStream(fc.nat(20)),
        async (drawn, portions) => {
          const device = aDevice();
          const readings = drawn.map((each) =>
            aReading({ recordedAtUs: weekAgoUs + each.second * 1_000_000 + each.us, value: each.value }),
          );
          // uniqueArray draws them in no order. Some portions come twice, as redelivery does.
          for (let start = 0; start < readings.length;) {
            const size = portions.next().value! + 1;
            const record = aReadingsRecord({ ...device, readings: readings.slice(start, start + size) });
            await one.append(record, ...(size % 3 === 0 ? [record] : []));
            if (size % 5 === 0) await one.append(record);
            start += size;
          }
          await expectRollups(device.deviceId, readings);
          expect(await latestOf(device.deviceId)).toBe(readings.toSorted((a, b) => b.recordedAtUs - a.recordedAtUs)[0]!.value);
        },
      ),
      { numRuns: 25, seed: 20261120 },
    );
  });
});

describe('retention', () => {
  it('drops whole days, remembers that it did, and takes their readings again should they come', async () => {
    const one = await startWriter();
    const device = aDevice();
    const pool = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
    const daysAgo = (days: number) => aReading({ recordedAtUs: NOW_US - days * 24 * HOUR_US, value: days });
    await one.append(aReadingsRecord({ ...device, readings: [daysAgo(40), daysAgo(20), daysAgo(0)] }));
    await dropOldPartitions(new Partitions(pool), { ...DEFAULT_RETENTION, rawDays: 30 }, NOW_US);
    expect((await readingsOf(device.deviceId)).map(([, value]) => value)).toEqual([20, 0]);
    expect(await db.rows(`select parent from retention_mark where dropped_before <= now() - interval '30 days'`)).toEqual([
      { parent: 'reading' },
    ]);
    await one.append(aReadingsRecord({ ...device, readings: [daysAgo(41)] }));
    await pool.end();
  });

  it('keeps of stored batches what a cursor or a recovery may still ask for', async () => {
    const one = await startWriter();
    const device = aDevice();
    const pool = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
    const kept = async () => (await storedReadings(device.deviceId)).map(({ value }) => value);
    for (const second of [0, 1, 2])
      await one.append(aReadingsRecord({ ...device, readings: [aReading({ recordedAtUs: NOW_US + second * 1_000_000, value: second })] }));
    // The minute is still open: only these batches know it.
    await pruneStoredBatches(pool, { ...DEFAULT_RETENTION, replayWindowMs: 0 });
    expect(await kept()).toEqual([0, 1, 2]);
    await one.stop();
    await pruneStoredBatches(pool, { ...DEFAULT_RETENTION, replayMaxBytes: 650 });
    expect(await kept()).toEqual([1, 2]);
    await pruneStoredBatches(pool, { ...DEFAULT_RETENTION, replayWindowMs: 0 });
    expect(await kept()).toEqual([]);
    await pool.end();
  });
});
