import { randomUUID } from 'node:crypto';
import { ReadingFlag, type RecordedReading } from '@pulsegraph/contracts';
import { silentLog } from '@pulsegraph/kit/log';
import { createPool, inOrganizationPool, migrate } from '@pulsegraph/kit/postgres';
import { OTHER_ORGANIZATION, TEST_ORGANIZATION, aReading, aReadingsRecord, testDatabase } from '@pulsegraph/testkit';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { migrations } from '../migrations/index.js';
import { DAY_US, floorTo } from '../rollup/aggregate.js';
import { Partitions } from '../writer/partitions.js';
import { WriterConnection } from '../writer/writer-connection.js';
import { Packer } from './packer.js';

const db = testDatabase('telemetry');
let service: Pool;
let api: Pool;
beforeAll(async () => {
  await migrate(db.url, 'telemetry', migrations);
  service = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
  api = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'api' }, () => undefined);
});
afterAll(async () => {
  await service?.end();
  await api?.end();
});

const TODAY_US = floorTo(Date.now() * 1000, DAY_US);
const DAYS = 4;
const START_US = TODAY_US - 10 * DAY_US;

/** What people see: through the views, as the api role. */
const seen = async (deviceId: string, metric: string, fromUs: number, toUs: number, organizationId: string = TEST_ORGANIZATION.id) =>
  (
    await inOrganizationPool(api, organizationId, (client) =>
      client.query<{ us: string; value: number | null; text: string | null; flags: number }>(
        `select (extract(epoch from r.recorded_at) * 1000000)::int8 as us, r.value, r.text, r.flags
         from series, readings_between(series_id, $3, $4) r where device_id = $1 and metric = $2 order by 1`,
        [deviceId, metric, new Date(fromUs / 1000), new Date(toUs / 1000)],
      ),
    )
  ).rows.map(({ us, value, text, flags }) => [Number(us), value ?? text, flags]);

const newestBefore = async (deviceId: string, metric: string, us: number) =>
  (
    await inOrganizationPool(api, TEST_ORGANIZATION.id, (client) =>
      client.query<{ us: string }>(
        `select (extract(epoch from r.recorded_at) * 1000000)::int8 as us
         from series, reading_before(series_id, $3, '-infinity') r where device_id = $1 and metric = $2`,
        [deviceId, metric, new Date(us / 1000)],
      ),
    )
  ).rows.map(({ us }) => Number(us))[0];

type Step = { do: 'store'; instants: number[] } | { do: 'pack'; days: number };
// Few instants, near the edges of hours and days: the same one comes again and again.
const instant = fc
  .tuple(fc.nat(DAYS - 1), fc.constantFrom(0, 1, 3_599_999_999, 3_600_000_000, 45_000_000_000, 86_399_999_999), fc.nat(3))
  .map(([day, us, more]) => Math.min(day * DAY_US + us + more * 60_000_000, (day + 1) * DAY_US - 1));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('store' as const), instants: fc.array(instant, { minLength: 1, maxLength: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pack' as const), days: fc.integer({ min: 0, max: DAYS }) }) },
);

const packTo = (us: number) => new Packer(service, silentLog).run(us + 2 * DAY_US, 2);

it('packed days read as they did before, and take late readings without doubling any', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
      await db.rows(`update pack_mark set packed_to = '-infinity'`);
      const connection = new WriterConnection(db.url, service, new Partitions(service));
      const device = { deviceId: randomUUID(), deviceKey: 'device' };
      const truth = { temperature: new Map<number, unknown[]>(), state: new Map<number, unknown[]>() };
      let accepted = 0;
      let sent = 0;
      try {
        for (const one of steps) {
          const session = await connection.open();
          if (one.do === 'pack') {
            await packTo(START_US + one.days * DAY_US);
            continue;
          }
          const readings = one.instants.map((offset): RecordedReading => {
            const recordedAtUs = START_US + offset;
            const flags = sent % 3 ? ReadingFlag.LATE : 0;
            if (sent++ % 2) return aReading({ recordedAtUs, value: sent, flags });
            return aReading({ metric: 'state', kind: 'TEXT', unit: '1', recordedAtUs, value: null, text: `word ${sent}`, flags });
          });
          for (const { metric, recordedAtUs, value, text, flags } of readings) {
            const known = truth[metric as keyof typeof truth];
            if (!known.has(recordedAtUs)) known.set(recordedAtUs, [recordedAtUs, value ?? text, flags]);
          }
          const { organizations } = await session.store([
            { partition: 0, position: '0-0', record: aReadingsRecord({ ...device, readings }) },
          ]);
          for (const organization of organizations) accepted += organization.accepted;
        }
        for (const [metric, known] of Object.entries(truth)) {
          const all = [...known.values()].sort((a, b) => (a[0] as number) - (b[0] as number));
          expect(await seen(device.deviceId, metric, START_US, START_US + DAYS * DAY_US)).toEqual(all);
          const [fromUs, toUs] = [START_US + DAY_US + 1_000, START_US + 2 * DAY_US + 3_600_000_000];
          expect(await seen(device.deviceId, metric, fromUs, toUs)).toEqual(
            all.filter(([us]) => (us as number) >= fromUs && (us as number) < toUs),
          );
          expect(await newestBefore(device.deviceId, metric, toUs)).toBe(all.findLast(([us]) => (us as number) < toUs)?.[0]);
        }
        expect(accepted).toBe(truth.temperature.size + truth.state.size);
      } finally {
        await connection.discard();
      }
    }),
    { numRuns: 30, seed: 20261120 },
  );
});

it('a packed day has no partition and takes a fraction of the space; other organizations see nothing of it', async () => {
  const connection = new WriterConnection(db.url, service, new Partitions(service));
  const device = { deviceId: randomUUID(), deviceKey: 'device' };
  const dayUs = TODAY_US - 20 * DAY_US;
  await db.rows(`update pack_mark set packed_to = '-infinity'`);
  const session = await connection.open();
  const readings = Array.from({ length: 20_000 }, (_, i) =>
    aReading({ recordedAtUs: dayUs + i * 1_000_000, value: Math.round(Math.sin(i) * 1_000) / 10 }),
  );
  await session.store([{ partition: 0, position: '0-0', record: aReadingsRecord({ ...device, readings }) }]);
  await connection.discard();
  const bytes = async (parent: string) =>
    Number(
      (
        await db.rows<{ bytes: string }>(
          `select coalesce(sum(pg_total_relation_size(inhrelid)), 0) as bytes from pg_inherits where inhparent = $1::regclass`,
          [parent],
        )
      )[0]!.bytes,
    );
  const before = await bytes('reading');
  const chunksBefore = await bytes('reading_chunk');
  await packTo(dayUs + DAY_US);
  const after = (await bytes('reading_chunk')) - chunksBefore;
  expect(before / after).toBeGreaterThan(5);
  expect(
    await db.rows(`select relname from pg_class where relname = 'reading_' || to_char(to_timestamp($1), 'YYYYMMDD')`, [dayUs / 1e6]),
  ).toEqual([]);
  expect(await seen(device.deviceId, 'temperature', dayUs, dayUs + DAY_US)).toHaveLength(20_000);
  expect(await seen(device.deviceId, 'temperature', dayUs, dayUs + DAY_US, OTHER_ORGANIZATION.id)).toEqual([]);
});
