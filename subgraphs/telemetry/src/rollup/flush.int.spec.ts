import { randomUUID } from 'node:crypto';
import type { RecordedReading } from '@pulsegraph/contracts';
import { createPool, migrate } from '@pulsegraph/kit/postgres';
import { aReading, aReadingsRecord, testDatabase } from '@pulsegraph/testkit';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { migrations } from '../migrations/index.js';
import { Partitions } from '../writer/partitions.js';
import { WriterConnection } from '../writer/writer-connection.js';
import { Aggregate, HOUR_US, MINUTE_US, floorTo } from './aggregate.js';

const db = testDatabase('telemetry');
let pool: Pool;
beforeAll(async () => {
  await migrate(db.url, 'telemetry', migrations);
  pool = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
});
afterAll(() => pool?.end());

/** The next whole hour but one: later than anything a session has flushed. */
const START_US = floorTo(Date.now() * 1000, HOUR_US) + HOUR_US;
const MINUTES = 8;

type Step =
  { do: 'store'; minutes: number[] } | { do: 'flush'; toMinute: number; wait: boolean; fails: boolean } | { do: 'crash' } | { do: 'stop' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('store' as const), minutes: fc.array(fc.nat(MINUTES - 1), { minLength: 1, maxLength: 12 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('flush' as const), toMinute: fc.nat(MINUTES), wait: fc.boolean(), fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'stop' as const }) },
);

async function rollupsOf(table: string, deviceId: string) {
  const rows = await db.rows<{ bucket: number; count: number; mean: number; m2: number; last: number }>(
    `select extract(epoch from bucket)::float8 * 1e6 as bucket, count, mean, m2, last
     from ${table} join series using (series_id) where device_id = $1 order by bucket`,
    [deviceId],
  );
  return rows.map(({ bucket, count, mean, m2, last }) => [bucket, count, mean.toFixed(6), m2.toFixed(6), last]);
}

function truth(readings: readonly RecordedReading[], unitUs: number) {
  const buckets = new Map<number, Aggregate>();
  for (const { recordedAtUs, value } of readings) {
    const startUs = floorTo(recordedAtUs, unitUs);
    const bucket = buckets.get(startUs) ?? new Aggregate(startUs);
    bucket.add(recordedAtUs, value!);
    buckets.set(startUs, bucket);
  }
  return [...buckets.values()]
    .sort((a, b) => a.startUs - b.startUs)
    .map(({ startUs, count, mean, m2, last }) => [startUs, count, mean.toFixed(6), m2.toFixed(6), last]);
}

it('rollups hold every reading once, however flushes, stragglers, crashes and stops fall together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let fails = false;
      // Only flushes take a connection of the pool by themselves.
      const failing = {
        connect: () => (fails ? Promise.reject(new Error('The flush did not reach the database.')) : pool.connect()),
      } as Pool;
      const connection = new WriterConnection(db.url, failing, new Partitions(pool));
      const device = { deviceId: randomUUID(), deviceKey: 'device' };
      const stored: RecordedReading[] = [];
      const flushes: Promise<unknown>[] = [];
      try {
        for (const one of steps) {
          const session = await connection.open();
          if (one.do === 'store') {
            const readings = one.minutes.map((minute) => {
              const n = stored.length;
              stored.push(aReading({ recordedAtUs: START_US + minute * MINUTE_US + n * 1_000, value: (n * 37) % 101 }));
              return stored.at(-1)!;
            });
            await session.store([{ partition: 0, position: '0-0', record: aReadingsRecord({ ...device, readings }) }]);
          } else if (one.do === 'flush') {
            fails = one.fails;
            session.startFlush(START_US + one.toMinute * MINUTE_US);
            fails = false;
            // Some batches then come while the flush is under way.
            const flushed = session.flushed().catch(() => undefined);
            flushes.push(flushed);
            if (one.wait) await flushed;
          } else if (one.do === 'crash') {
            await connection.discard();
          } else {
            await session.end();
            await connection.discard();
          }
        }
        const session = await connection.open();
        // Between two batches and after any of this, what is below the mark is complete: the mark is what readers trust.
        await Promise.all(flushes);
        const [{ mark }] = (await db.rows<{ mark: number }>(
          'select extract(epoch from rolled_up_to)::float8 * 1e6 as mark from writer_group',
        )) as [{ mark: number }];
        const complete = (rows: unknown[][]) => rows.filter(([bucket]) => (bucket as number) < mark);
        expect(complete(await rollupsOf('rollup_minute', device.deviceId))).toEqual(complete(truth(stored, MINUTE_US)));

        await session.end();
        await connection.discard();
        expect(await rollupsOf('rollup_minute', device.deviceId)).toEqual(truth(stored, MINUTE_US));
        expect(await rollupsOf('rollup_hour', device.deviceId)).toEqual(truth(stored, HOUR_US));
      } finally {
        await connection.discard();
        await Promise.all(flushes);
        // Each run begins with nothing behind it.
        await db.rows('truncate writer_group, stored_batch, pipeline_counter');
      }
    }),
    { numRuns: 60, seed: 20261120 },
  );
});
