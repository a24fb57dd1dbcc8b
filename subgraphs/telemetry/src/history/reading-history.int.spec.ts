import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import {
  decodeReadingFrames,
  READING_HISTORY_PATH,
  ReadingFlag,
  type ReadingFrame,
  type ReadingHistoryRequest,
  type RecordedReading,
} from '@pulsegraph/contracts';
import { createHttpService } from '@pulsegraph/kit/http';
import { silentLog } from '@pulsegraph/kit/log';
import { createPool, migrate } from '@pulsegraph/kit/postgres';
import { OTHER_ORGANIZATION, TEST_INTERNAL_TOKEN, TEST_ORGANIZATION, aReading, aReadingsRecord, testDatabase } from '@pulsegraph/testkit';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { migrations } from '../migrations/index.js';
import { Packer } from '../pack/packer.js';
import { DAY_US, floorTo } from '../rollup/aggregate.js';
import { Partitions } from '../writer/partitions.js';
import { WriterConnection } from '../writer/writer-connection.js';
import { ReadingHistory } from './reading-history.js';
import { readingHistoryRoutes } from './reading-history.routes.js';

const db = testDatabase('telemetry');
let service: Pool;
let api: Pool;
let history: ReadingHistory;
beforeAll(async () => {
  await migrate(db.url, 'telemetry', migrations);
  service = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
  // One connection: what is not given back is missed at once.
  api = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'api', maxConnections: 1 }, () => undefined);
  history = new ReadingHistory(api);
});
afterAll(async () => {
  await service?.end();
  await api?.end();
});

const HOUR_US = 3_600_000_000;
const DAYS = 3;
const START_US = floorTo(Date.now() * 1_000, DAY_US) - 10 * DAY_US;
const END_US = START_US + DAYS * DAY_US;

const aSpan = (series: ReadingHistoryRequest['series'], over: Partial<ReadingHistoryRequest> = {}): ReadingHistoryRequest => ({
  organizationId: TEST_ORGANIZATION.id,
  series,
  fromUs: START_US,
  toUs: END_US,
  ...over,
});

async function store(deviceId: string, batches: readonly { readings: RecordedReading[]; packDays?: number }[]): Promise<void> {
  await db.rows(`update pack_mark set packed_to = '-infinity'`);
  const connection = new WriterConnection(db.url, service, new Partitions(service));
  try {
    for (const { readings, packDays } of batches) {
      const session = await connection.open();
      const record = aReadingsRecord({ deviceId, deviceKey: 'device', readings });
      await session.store([{ partition: 0, position: '0-0', record }]);
      if (packDays !== undefined) await new Packer(service, silentLog).run(START_US + (packDays + 2) * DAY_US, 2);
    }
  } finally {
    await connection.discard();
  }
}

async function framesOf(chunks: AsyncIterable<Uint8Array>): Promise<ReadingFrame[]> {
  const frames: ReadingFrame[] = [];
  for await (const frame of decodeReadingFrames(chunks)) frames.push(frame);
  return frames;
}
const rowsOf = (frames: readonly ReadingFrame[]) =>
  frames.flatMap(({ series, unit, recordedAtUs, values, words }) =>
    Array.from(recordedAtUs, (us, index) => [series, unit, us, words ? words[index] : values[index]]),
  );
const read = async (request: ReadingHistoryRequest) => rowsOf(await framesOf(history.read(request)));

const instant = fc
  .tuple(fc.nat(DAYS - 1), fc.constantFrom(0, 1, HOUR_US - 1, HOUR_US, 45_000_000_000, DAY_US - 1))
  .map(([day, us]) => day * DAY_US + us);
const reading = fc.record({
  offset: instant,
  unit: fc.constantFrom('Cel', '[degF]'),
  flags: fc.constantFrom(0, 0, 0, 1, 2, 4),
  isWord: fc.boolean(),
});
const batch = fc.record({
  readings: fc.array(reading, { minLength: 1, maxLength: 12 }),
  packDays: fc.option(fc.integer({ min: 0, max: DAYS }), { nil: undefined }),
});

it('gives every stored reading once and in order, wherever it lies, but for late and historical ones', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), instant, instant, async (batches, a, b) => {
      const deviceId = randomUUID();
      let sent = 0;
      const truth = new Map<string, RecordedReading>();
      const stored = batches.map(({ readings, packDays }) => ({
        packDays,
        readings: readings.map(({ offset, unit, flags, isWord }) => {
          const about = { recordedAtUs: START_US + offset, flags };
          const one = isWord
            ? aReading({ ...about, metric: 'state', kind: 'TEXT', unit: '1', value: null, text: `word ${sent++}` })
            : aReading({ ...about, unit, value: sent++ });
          const key = `${one.metric} ${one.unit} ${one.recordedAtUs}`;
          if (!truth.has(key)) truth.set(key, one);
          return one;
        }),
      }));
      await store(deviceId, stored);
      const [fromUs, toUs] = [START_US + Math.min(a, b), START_US + Math.max(a, b)];
      const expected = ['temperature', 'state'].flatMap((metric, series) =>
        [...truth.values()]
          .filter((one) => one.metric === metric && one.recordedAtUs >= fromUs && one.recordedAtUs < toUs)
          .filter(({ flags }) => (flags & (ReadingFlag.LATE | ReadingFlag.HISTORICAL)) === 0)
          .map((one) => [series, one.unit, one.recordedAtUs, one.value ?? one.text]),
      );
      const metrics = ['temperature', 'state'].map((metric) => ({ deviceId, metric }));
      const found = await read(aSpan(metrics, { fromUs, toUs }));
      const instants = found.filter(([series]) => series === 0).map(([, , us]) => us as number);
      expect(instants).toEqual(instants.toSorted((one, other) => one - other));
      const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
      expect(sorted(found)).toEqual(sorted(expected));
    }),
    { numRuns: 12, seed: 20261127 },
  );
});

describe('over HTTP', () => {
  const http = createHttpService({ version: '0', checks: [], log: silentLog });
  let url: string;
  const deviceId = randomUUID();
  const readings = Array.from({ length: 50_000 }, (_, index) => aReading({ recordedAtUs: START_US + index * 1_000_000, value: index }));
  beforeAll(async () => {
    http.app.use(readingHistoryRoutes(history, TEST_INTERNAL_TOKEN, silentLog));
    await http.listen(0);
    url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}${READING_HISTORY_PATH}`;
    await store(deviceId, [{ readings }]);
  });
  afterAll(() => http.close());

  const ask = (request: object, token: string = TEST_INTERNAL_TOKEN) =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
  const span = aSpan([{ deviceId, metric: 'temperature' }]);
  const countOf = async (response: Response) => rowsOf(await framesOf(response.body!)).length;

  it('is for services alone, and says what is wrong with a request', async () => {
    expect((await ask(span, 'guessed')).status).toBe(401);
    const bad = await ask({ ...span, organizationId: 'acme', fromUs: -1 });
    expect(bad.status).toBe(400);
    expect(((await bad.json()) as { error: string }).error).toContain('organizationId');
  });

  it('gives an organization its own readings and nothing of another', async () => {
    expect(await countOf(await ask(span))).toBe(readings.length);
    expect(await countOf(await ask({ ...span, organizationId: OTHER_ORGANIZATION.id }))).toBe(0);
  });

  it('a reader that goes away in the middle takes no connection with it', async () => {
    const response = await ask(span);
    await response.body!.cancel();
    expect(await countOf(await ask(span))).toBe(readings.length);
  });
});
