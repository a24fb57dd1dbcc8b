import { randomUUID } from 'node:crypto';
import { ROLE_PERMISSIONS, type ReadingsRecord, type RecordedReading, type Role, type Viewer } from '@pulsegraph/contracts';
import { createCursorCodec } from '@pulsegraph/kit/cursor';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { inOrganizationPool, createPool } from '@pulsegraph/kit/postgres';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import {
  OTHER_ORGANIZATION,
  TEST_INTERNAL_TOKEN,
  TEST_ORGANIZATION,
  TEST_VIEWER_KEY,
  aDeviceEntry,
  aMetricEntry,
  aPatientEntry,
  aProfileEntry,
  aReading,
  aReadingsRecord,
  aRejectionRecord,
  aViewer,
  anAssetEntry,
  anAssignmentEntry,
  anOrganizationEntry,
  askSubgraph,
  eventually,
  fakeRegistrySource,
  put,
  signedViewer,
  testDatabase,
} from '@pulsegraph/testkit';
import fc from 'fast-check';
import { parse, subscribe, type ExecutionResult } from 'graphql';
import { createTelemetrySubgraph, type TelemetrySubgraph } from './telemetry-subgraph.js';
import { createTelemetryWriter, type TelemetryWriter } from './writer/writer.js';

const db = testDatabase('telemetry');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const bus = createInProcessBus();
const registry = fakeRegistrySource([
  put('organization', anOrganizationEntry()),
  put('organization', anOrganizationEntry({ ...OTHER_ORGANIZATION })),
  put(
    'profile',
    aProfileEntry({
      metrics: [
        aMetricEntry({ expectedIntervalMs: 10_000 }),
        aMetricEntry({ metric: 'state', kind: 'TEXT', unit: '1', values: ['on', 'off'] }),
      ],
    }),
  ),
  put('asset', anAssetEntry()),
]);
const projection = createRegistryProjection({ source: registry, bus, log: silentLog });
const eventLog = createMemoryEventLog({ groups: ['telemetry-writer'] });
let telemetry: TelemetrySubgraph;
/** Null once a test has ended it. */
let writer: TelemetryWriter | null = null;
/** The subgraph's clock; null is the real one. */
let nowMs: number | null = null;

beforeAll(async () => {
  await projection.start();
  telemetry = await createTelemetrySubgraph({
    databaseUrl: db.url,
    bus,
    eventLog,
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    projection,
    now: () => nowMs ?? Date.now(),
  });
  await telemetry.start();
  writer = createTelemetryWriter({ databaseUrl: db.url, bus, eventLog, log: silentLog });
  await writer.start();
});
afterAll(async () => {
  await writer?.stop();
  await telemetry?.stop();
  await projection.stop();
});
afterEach(() => (nowMs = null));

const as = (role: Role, organization: { id: string; key: string } = TEST_ORGANIZATION): Viewer =>
  aViewer({ role, organizationId: organization.id, organizationKey: organization.key });
const admin = as('ADMIN');

/** A device of its own per test, known to the registry. */
async function aDevice(over: Partial<Parameters<typeof aDeviceEntry>[0]> = {}) {
  const id: string = randomUUID();
  const key = `device-${id}`;
  await projection.waitFor(registry.push(put('device', aDeviceEntry({ id, key, ...over }))), 10_000);
  return { deviceId: id, deviceKey: key };
}
type Device = Awaited<ReturnType<typeof aDevice>>;

const at = (ms: number, value: number, over: Partial<RecordedReading> = {}) =>
  aReading({ recordedAtUs: Math.round(ms * 1000), value, ...over });
const store = (device: Device, readings: RecordedReading[], over: Partial<ReadingsRecord> = {}) =>
  eventLog.append([aReadingsRecord({ ...device, receivedAtUs: Date.now() * 1000, readings, ...over })]);

const ask = <T = Record<string, never>>(query: string, viewer: Viewer | null, variables?: Record<string, unknown>) =>
  askSubgraph<T>(telemetry, query, { viewer, variables });
async function give<T>(query: string, variables?: Record<string, unknown>, viewer: Viewer = admin): Promise<T> {
  const { data, errors } = await ask<T>(query, viewer, variables);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}

interface SeriesAnswer {
  resolution: string | null;
  unit: string;
  columns: Record<'at' | 'avg' | 'min' | 'max' | 'last' | 'count', number[]>;
  gaps: { from: Date; to: Date }[];
}
const SERIES = 'deviceId metric unit resolution columns { at avg min max last count } gaps { from to }';
const request = (device: Device, fromMs: number, toMs: number, maxPoints = 500, metric = 'temperature') => ({
  deviceId: device.deviceId,
  metric,
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
  maxPoints,
});
async function seriesOf(...requests: ReturnType<typeof request>[]): Promise<SeriesAnswer[]> {
  const query = `query ($requests: [SeriesRequest!]!) { series(requests: $requests) { ${SERIES} } }`;
  return (await give<{ series: SeriesAnswer[] }>(query, { requests })).series;
}
const spans = (gaps: { from: Date; to: Date }[]) => gaps.map(({ from, to }) => [new Date(from).getTime(), new Date(to).getTime()]);

/** Whole seconds, so that what DateTime can say is all there is. */
const baseMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 10 * DAY_MS;

function expectClose(actual: number, expected: number) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

describe('series', () => {
  it('gives few readings as they are', async () => {
    const device = await aDevice();
    await store(device, [at(baseMs + 0.5, 1), at(baseMs + 1_000, 3), at(baseMs + 2_000, 2), at(baseMs + 3_000, 9)]);
    const [series] = await seriesOf(request(device, baseMs, baseMs + 3_000));
    expect(series).toMatchObject({ resolution: null, unit: 'Cel' });
    expect(series!.columns).toEqual({
      at: [baseMs + 0.5, baseMs + 1_000, baseMs + 2_000],
      avg: [1, 3, 2],
      min: [1, 3, 2],
      max: [1, 3, 2],
      last: [1, 3, 2],
      count: [1, 1, 1],
    });
  });

  it('in buckets of any width, over any span, agrees with the readings one by one', async () => {
    const device = await aDevice();
    // Two days at an uneven pace with a hole, in two orders, so that all tables and late merging are at work.
    let ms = baseMs;
    const readings: RecordedReading[] = [];
    for (let i = 0; ms < baseMs + 2 * DAY_MS; i++) {
      readings.push(at(ms, Math.sin(i / 50) * 40 + (i % 7)));
      ms += i === 2_000 ? 5 * HOUR_MS : 7_000 + ((i * 7_919) % 40_000);
    }
    const half = readings.length >> 1;
    await store(device, readings.slice(half));
    await store(device, readings.slice(0, half).reverse());

    const span = fc.tuple(
      fc.integer({ min: -HOUR_MS, max: 2 * DAY_MS }),
      fc.integer({ min: 1, max: 2 * DAY_MS }),
      fc.integer({ min: 1, max: 600 }),
    );
    await fc.assert(
      fc.asyncProperty(span, async ([offset, length, maxPoints]) => {
        const [fromMs, toMs] = [baseMs + offset, baseMs + offset + length];
        const [series] = await seriesOf(request(device, fromMs, toMs, maxPoints));
        const inside = readings.map((r) => ({ ms: r.recordedAtUs / 1000, value: r.value! })).filter((r) => r.ms >= fromMs && r.ms < toMs);
        const { columns, resolution } = series!;
        expect(columns.at.length).toBeLessThanOrEqual(maxPoints);
        expect(resolution === null).toBe(inside.length <= maxPoints);
        if (resolution === null) return expect(columns.at).toEqual(inside.map((r) => r.ms));

        const widthMs = columns.at.length < 2 ? Infinity : Math.min(...columns.at.slice(1).map((next, index) => next - columns.at[index]!));
        const bucketOf = (one: number) => columns.at.findLast((start) => start <= one)!;
        const buckets = new Map<number, typeof inside>();
        for (const r of inside) buckets.set(bucketOf(r.ms), [...(buckets.get(bucketOf(r.ms)) ?? []), r]);
        expect([...buckets.keys()]).toEqual(columns.at);
        columns.at.forEach((start, index) => {
          const values = buckets.get(start)!;
          expect(values.at(-1)!.ms - start).toBeLessThan(widthMs);
          expect(columns.count[index]).toBe(values.length);
          expect(columns.min[index]).toBe(Math.min(...values.map(({ value }) => value)));
          expect(columns.max[index]).toBe(Math.max(...values.map(({ value }) => value)));
          expect(columns.last[index]).toBe(values.at(-1)!.value);
          expectClose(columns.avg[index]!, values.reduce((sum, { value }) => sum + value, 0) / values.length);
        });
      }),
      { numRuns: 40, seed: 20261120 },
    );
  });

  it('reads what the rollups do not hold yet', async () => {
    const device = await aDevice();
    const nowS = Math.floor(Date.now() / 1000) * 1000;
    const readings = Array.from({ length: 600 }, (_, i) => at(nowS - (600 - i) * 1_000, i));
    await store(device, readings.slice(0, 500));
    await store(device, readings.slice(500));
    const [series] = await seriesOf(request(device, nowS - 600_000, nowS, 20));
    expect(series!.resolution).toBe('PT1M');
    expect(series!.columns.count.reduce((a, b) => a + b, 0)).toBe(600);
    expect(series!.columns.last.at(-1)).toBe(599);
  });

  it('marks where data should have been, and only there', async () => {
    const device = await aDevice();
    const every10s = (fromS: number, toS: number) =>
      Array.from({ length: (toS - fromS) / 10 }, (_, i) => at(baseMs + (fromS + i * 10) * 1_000, i));
    await store(device, [...every10s(0, 600), ...every10s(1_200, 1_800)]);
    const hole = [baseMs + 590_000, baseMs + 1_200_000];
    // Raw, then in buckets: the same hole. Before the first reading ever nothing was expected.
    for (const maxPoints of [1_000, 40]) {
      const [series] = await seriesOf(request(device, baseMs - 3_600_000, baseMs + 1_800_000, maxPoints));
      expect(spans(series!.gaps)).toEqual([hole]);
    }
    const [inside, after] = await seriesOf(
      request(device, baseMs + 700_000, baseMs + 1_100_000),
      request(device, baseMs + 1_300_000, baseMs + 2_400_000),
    );
    expect(spans(inside!.gaps)).toEqual([[baseMs + 700_000, baseMs + 1_100_000]]);
    expect(spans(after!.gaps)).toEqual([[baseMs + 1_790_000, baseMs + 2_400_000]]);
  });

  it('answers many requests at once, each in its own way', async () => {
    const [device, silent, foreign] = [await aDevice(), await aDevice(), await aDevice({ organizationId: OTHER_ORGANIZATION.id })];
    await store(device, [at(baseMs, 1)]);
    await store(foreign, [at(baseMs, 666)], { organizationId: OTHER_ORGANIZATION.id });
    const all = [
      request(device, baseMs, baseMs + 1),
      request(silent, baseMs, baseMs + 1),
      request(device, baseMs + 1, baseMs),
      request(device, baseMs, baseMs + 1, 0),
      request(device, baseMs, baseMs + 1, 500, 'state'),
      request(device, baseMs, baseMs + 1, 500, 'unheardOf'),
      request(foreign, baseMs, baseMs + 1),
      request({ deviceId: randomUUID(), deviceKey: '' }, baseMs, baseMs + 1),
      request({ deviceId: 'no-id', deviceKey: '' }, baseMs, baseMs + 1),
    ];
    const query = `query ($requests: [SeriesRequest!]!) { series(requests: $requests) { unit columns { avg } } }`;
    const { data, errors } = await ask<{ series: unknown[] }>(query, admin, { requests: all });
    expect(data!.series).toEqual([{ unit: 'Cel', columns: { avg: [1] } }, { unit: 'Cel', columns: { avg: [] } }, ...Array(7).fill(null)]);
    expect(errors.map(({ path, extensions, message }) => [path![1], extensions!.code, extensions!.path ?? message])).toEqual([
      [2, 'BAD_USER_INPUT', 'requests[2].from'],
      [3, 'BAD_USER_INPUT', 'requests[3].maxPoints'],
      [4, 'BAD_USER_INPUT', 'requests[4].metric'],
      [6, 'NOT_FOUND', 'No such device.'],
      [7, 'NOT_FOUND', 'No such device.'],
      [8, 'NOT_FOUND', 'No such device.'],
    ]);
  });
});

const OF_DEVICE = 'query ($of: [_Any!]!, $from: DateTime!, $to: DateTime!) { _entities(representations: $of)';
const entity = (typename: string, id: string) => ({ __typename: typename, id });

describe('statistics', () => {
  interface Answer {
    _entities: { statistics: Record<string, number | string | null> | null }[];
  }
  const statisticsOf = async (device: Device, window: string) =>
    (
      await give<Answer>(
        `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Device { statistics(metric: "temperature", window: ${window}) {
          count avg min max median medianError stdDev slopePerHour trend } } } }`,
        { of: [entity('Device', device.deviceId)] },
      )
    )._entities[0]!.statistics;

  it('are those of the readings, however late and in whatever order they came', async () => {
    const device = await aDevice();
    nowMs = baseMs + DAY_MS;
    const readings = Array.from({ length: 5_000 }, (_, i) => at(baseMs + i * 17_000, 100 + i / 100 + ((i * 7_919) % 13)));
    const shuffled = readings
      .map((r, i) => [(i * 48_271) % 65_537, r] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, r]) => r);
    for (let i = 0; i < shuffled.length; i += 700) await store(device, shuffled.slice(i, i + 700));

    for (const [window, hours] of [
      ['HOUR', 1],
      ['DAY', 24],
      ['WEEK', 168],
    ] as const) {
      const inside = readings.filter((r) => r.recordedAtUs / 1000 > nowMs! - hours * HOUR_MS && r.recordedAtUs / 1000 <= nowMs!);
      const values = inside.map(({ value }) => value!);
      const times = inside.map(({ recordedAtUs }) => (recordedAtUs / 1000 - baseMs) / HOUR_MS);
      const n = values.length;
      if (n === 0) {
        expect(await statisticsOf(device, window)).toBeNull();
        continue;
      }
      const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / n;
      const [meanV, meanT] = [mean(values), mean(times)];
      const sorted = values.toSorted((a, b) => a - b);
      const m2 = values.reduce((sum, v) => sum + (v - meanV) ** 2, 0);
      const slope =
        values.reduce((sum, v, i) => sum + (v - meanV) * (times[i]! - meanT), 0) / times.reduce((sum, t) => sum + (t - meanT) ** 2, 0);
      const found = (await statisticsOf(device, window))!;
      expect(found).toMatchObject({ count: n, min: sorted[0], max: sorted.at(-1), medianError: 0 });
      expectClose(found.avg as number, meanV);
      expectClose(found.median as number, (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2);
      expectClose(found.stdDev as number, Math.sqrt(m2 / (n - 1)));
      expectClose(found.slopePerHour as number, slope);
      expect(found.trend).toBe(Math.abs(slope * hours) < Math.sqrt(m2 / (n - 1)) ? 'STABLE' : slope > 0 ? 'RISING' : 'FALLING');
    }
  });

  it('leave out what one reading cannot say', async () => {
    const device = await aDevice();
    nowMs = baseMs;
    await store(device, [at(baseMs, 5)]);
    expect(await statisticsOf(device, 'HOUR')).toMatchObject({
      count: 1,
      avg: 5,
      median: 5,
      stdDev: null,
      slopePerHour: null,
      trend: 'STABLE',
    });
  });
});

describe('latest', () => {
  const LATEST = `query ($of: [_Any!]!) { _entities(representations: $of) {
    ... on Device { latest { deviceKey metric value text unit quality recordedAt asset { id } patient { id } } }
    ... on Asset { latest { deviceKey metric value } } ... on Patient { latest { deviceKey metric value } } } }`;
  const latestOf = async (...of: ReturnType<typeof entity>[]) =>
    (await give<{ _entities: { latest: Record<string, unknown>[] }[] }>(LATEST, { of }))._entities.map(({ latest }) => latest);

  it('belongs to the asset and the patient to which its device was assigned when it was recorded', async () => {
    const [first, second] = [await aDevice(), await aDevice()];
    const [line, cell, patientId] = [randomUUID(), randomUUID(), randomUUID()];
    const assigned = (device: Device, to: { assetId?: string; patientId?: string }, fromMs: number, toMs: number | null) =>
      put(
        'assignment',
        anAssignmentEntry({
          id: randomUUID(),
          deviceId: device.deviceId,
          assetId: to.assetId ?? null,
          patientId: to.patientId ?? null,
          fromMs,
          toMs,
        }),
      );
    await projection.waitFor(
      registry.push(
        put('asset', anAssetEntry({ id: line })),
        put('asset', anAssetEntry({ id: cell, parentId: line })),
        put('patient', aPatientEntry({ id: patientId })),
        assigned(first, { assetId: cell }, 0, baseMs + 5_000),
        assigned(first, { assetId: line }, baseMs + 5_000, null),
        assigned(first, { patientId }, 0, baseMs + 5_000),
        assigned(second, { patientId }, baseMs + 5_000, null),
      ),
      10_000,
    );
    await store(first, [at(baseMs, 1), at(baseMs + 4_000, 2), at(baseMs + 8_000, 3)]);
    await store(second, [at(baseMs + 3_000, 10), at(baseMs + 6_000, 11)]);

    const [device, ofLine, ofCell, ofPatient] = await latestOf(
      entity('Device', first.deviceId),
      entity('Asset', line),
      entity('Asset', cell),
      entity('Patient', patientId),
    );
    expect(device).toMatchObject([{ value: 3, asset: { id: line }, patient: null, quality: 'GOOD', unit: 'Cel' }]);
    expect(ofLine).toEqual([{ deviceKey: first.deviceKey, metric: 'temperature', value: 3 }]);
    expect(ofCell).toEqual([{ deviceKey: first.deviceKey, metric: 'temperature', value: 2 }]);
    expect(ofPatient).toEqual([{ deviceKey: second.deviceKey, metric: 'temperature', value: 11 }]);

    const query = `${OF_DEVICE} { ... on Patient { series(metric: "temperature", from: $from, to: $to) { ${SERIES} } } } }`;
    const variables = {
      of: [entity('Patient', patientId)],
      from: new Date(baseMs).toISOString(),
      to: new Date(baseMs + 60_000).toISOString(),
    };
    const { _entities } = await give<{ _entities: { series: SeriesAnswer }[] }>(query, variables);
    expect(_entities[0]!.series.columns).toMatchObject({ at: [baseMs, baseMs + 4_000, baseMs + 6_000], avg: [1, 2, 11] });
  });

  it('of a thousand devices is read at once', async () => {
    const devices = Array.from({ length: 1_000 }, () => ({ deviceId: randomUUID(), deviceKey: 'one-of-many' }));
    await projection.waitFor(registry.push(...devices.map(({ deviceId: id }) => put('device', aDeviceEntry({ id, key: id })))), 10_000);
    await eventLog.append(devices.map((device, i) => aReadingsRecord({ ...device, readings: [at(baseMs, i)] })));
    const all = await latestOf(...devices.map(({ deviceId }) => entity('Device', deviceId)));
    expect(all.map(([latest]) => latest!.value)).toEqual(devices.map((_, i) => i));
  });
});

describe('who may', () => {
  it('is asked for everything: nobody, a role without the right, another organization', async () => {
    const device = await aDevice();
    const patientId = randomUUID();
    await projection.waitFor(registry.push(put('patient', aPatientEntry({ id: patientId }))), 10_000);
    await store(device, [at(baseMs, 1)]);
    const patient = `query { _entities(representations: [{ __typename: "Patient", id: "${patientId}" }]) { ... on Patient { latest { value } } } }`;
    for (const role of Object.keys(ROLE_PERMISSIONS) as Role[]) {
      const code = async (query: string) => (await ask(query, as(role))).code;
      const may = (permission: string) => (ROLE_PERMISSIONS[role] as readonly string[]).includes(permission);
      expect(await code('{ pipelineStatus { backlog } }')).toBeUndefined();
      expect(await code('{ deadLetters { totalCount } }')).toBe(may('rules:write') ? undefined : 'FORBIDDEN');
      expect(await code('mutation { discardDeadLetters(ids: []) }')).toBe(may('rules:write') ? undefined : 'FORBIDDEN');
      expect(await code(patient)).toBe(may('patients:read') ? undefined : 'FORBIDDEN');
    }
    expect((await ask('{ pipelineStatus { backlog } }', null)).code).toBe('UNAUTHENTICATED');
    expect((await ask(patient, as('ADMIN', OTHER_ORGANIZATION))).code).toBe('NOT_FOUND');
    const foreign = `query { _entities(representations: [{ __typename: "Device", id: "${device.deviceId}" }]) { ... on Device { latest { value } } } }`;
    expect((await ask(foreign, as('ADMIN', OTHER_ORGANIZATION))).data).toEqual({ _entities: [{ latest: [] }] });
  });

  it('is enforced by the database too: the api role sees one organization and changes no reading', async () => {
    const [mine, theirs] = [await aDevice(), await aDevice({ organizationId: OTHER_ORGANIZATION.id })];
    // One of today, one of a packed day.
    for (const ms of [baseMs, Date.now()]) {
      await store(mine, [at(ms, 1)]);
      await store(theirs, [at(ms, 2)], { organizationId: OTHER_ORGANIZATION.id });
    }
    const pool = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'api' }, () => undefined);
    try {
      const seen = (table: string, organizationId: string) =>
        inOrganizationPool(pool, organizationId, async (client) => {
          const sql = `select distinct organization_id from series join ${table} using (series_id)`;
          return (await client.query<{ organization_id: string }>(sql)).rows.map((row) => row.organization_id);
        });
      for (const view of [
        'organization_reading',
        'organization_reading_late',
        'organization_rollup_minute',
        'organization_rollup_hour',
        'organization_latest',
      ]) {
        expect(await seen(view, TEST_ORGANIZATION.id)).toEqual([TEST_ORGANIZATION.id]);
        expect(await seen(view, OTHER_ORGANIZATION.id)).toEqual([OTHER_ORGANIZATION.id]);
      }
      expect((await pool.query('select from organization_reading')).rowCount).toBe(0);
      for (const sql of [
        'select from reading',
        'select from reading_chunk',
        'select from reading_late',
        'select from latest',
        'delete from series',
        'delete from stored_batch',
        `select ensure_partition('reading', now())`,
      ]) {
        await expect(pool.query(sql)).rejects.toThrow(/permission denied/);
      }
    } finally {
      await pool.end();
    }
  });
});

describe('dead letters', () => {
  it('come newest first, page by page, filtered, and can be discarded by their own organization only', async () => {
    const organization = { id: randomUUID(), key: 'letters' };
    const viewer = as('ENGINEER', organization);
    const letter = (n: number) =>
      aRejectionRecord({
        organizationId: organization.id,
        payload: `${n}`,
        deviceKey: n % 2 ? 'odd' : 'even',
        receivedAtUs: baseMs * 1000 + (n >> 1),
      });
    await eventLog.append([5, 3, 1, 4, 2, 6].map(letter));
    await eventLog.append([aRejectionRecord({ payload: 'not theirs' })]);
    type Page = {
      deadLetters: { nodes: { id: string; payload: string }[]; totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string } };
    };
    const page = (after: string | null, more = '') =>
      give<Page>(
        `query ($after: String) { deadLetters(first: 4, after: $after ${more}) { nodes { id payload reason encoding } totalCount pageInfo { hasNextPage endCursor } } }`,
        { after },
        viewer,
      );
    const { deadLetters: one } = await page(null);
    const { deadLetters: two } = await page(one.pageInfo.endCursor);
    const payloads = [...one.nodes, ...two.nodes].map(({ payload }) => Number(payload));
    expect(payloads.map((n) => n >> 1)).toEqual([3, 2, 2, 1, 1, 0]);
    expect(payloads.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect([one.totalCount, one.pageInfo.hasNextPage, two.pageInfo.hasNextPage]).toEqual([6, true, false]);
    expect((await page(null, ', deviceKey: "odd"')).deadLetters.nodes).toHaveLength(3);

    const ids = one.nodes.slice(0, 2).map(({ id }) => id);
    const discard = (by: Viewer) =>
      give<{ discardDeadLetters: number }>('mutation ($ids: [ID!]!) { discardDeadLetters(ids: $ids) }', { ids }, by);
    expect(await discard(admin)).toEqual({ discardDeadLetters: 0 });
    expect(await discard(viewer)).toEqual({ discardDeadLetters: 2 });
    expect(await discard(viewer)).toEqual({ discardDeadLetters: 0 });
    expect((await ask('{ deadLetters(after: "bm8") { totalCount } }', viewer)).errors[0]!.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: 'after',
    });
  });
});

describe('recordReadings', () => {
  const RECORD = `mutation ($deviceId: ID!, $readings: [ReadingInput!]!) {
    recordReadings(deviceId: $deviceId, readings: $readings) { accepted rejected { index reason detail } } }`;
  const latestOf = async ({ deviceId }: Device) =>
    (
      await give<{ _entities: { latest: Record<string, unknown>[] }[] }>(
        'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Device { latest { metric value text } } } }',
        { of: [entity('Device', deviceId)] },
      )
    )._entities[0]!.latest;

  it('stores what is good and says of the rest why not; replay takes it when the cause is gone', async () => {
    const device = await aDevice();
    const readings = [
      { metric: 'temperature', value: 21 },
      { metric: 'temperature', value: 20, recordedAt: new Date(Date.now() - 1_000).toISOString() },
      { metric: 'state', text: 'on' },
      { metric: 'pressure', value: 3 },
      { metric: 'temperature', value: 9_999, recordedAt: new Date(Date.now() - 2_000).toISOString() },
      { metric: 'temperature' },
      { metric: 'temperature', text: 'warm' },
    ];
    const { recordReadings } = await give<{ recordReadings: { accepted: number; rejected: { index: number; reason: string }[] } }>(
      RECORD,
      { deviceId: device.deviceId, readings },
      as('ENGINEER'),
    );
    expect(recordReadings.accepted).toBe(3);
    expect(recordReadings.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [3, 'UNKNOWN_METRIC'],
      [4, 'IMPLAUSIBLE'],
      [5, 'MALFORMED'],
      [6, 'WRONG_TYPE'],
    ]);
    expect(await latestOf(device)).toEqual([
      { metric: 'state', value: null, text: 'on' },
      { metric: 'temperature', value: 21, text: null },
    ]);

    type Letters = { deadLetters: { nodes: { id: string; reason: string; replayedAt: string | null }[] } };
    const letters = async () =>
      (
        await give<Letters>('query ($key: String) { deadLetters(deviceKey: $key) { nodes { id reason replayedAt } } }', {
          key: device.deviceKey,
        })
      ).deadLetters.nodes;
    const ids = (await letters()).map(({ id }) => id);
    expect(ids).toHaveLength(4);
    const replay = (by: Viewer = admin) =>
      give<{ replayDeadLetters: unknown }>(
        'mutation ($ids: [ID!]!) { replayDeadLetters(ids: $ids) { accepted stillRejected } }',
        { ids },
        by,
      );
    expect((await replay(as('ADMIN', OTHER_ORGANIZATION))).replayDeadLetters).toEqual({ accepted: 0, stillRejected: 0 });
    expect((await replay()).replayDeadLetters).toEqual({ accepted: 0, stillRejected: 4 });
    const wider = randomUUID();
    await projection.waitFor(
      registry.push(
        put(
          'profile',
          aProfileEntry({
            id: wider,
            metrics: [aMetricEntry({ plausibleMax: 10_000 }), aMetricEntry({ metric: 'pressure', unit: '[psi]' })],
          }),
        ),
        put('device', aDeviceEntry({ id: device.deviceId, key: device.deviceKey, profileId: wider })),
      ),
      10_000,
    );
    // Twice: repeating it changes nothing.
    for (let i = 0; i < 2; i++) expect((await replay()).replayDeadLetters).toEqual({ accepted: 2, stillRejected: 2 });
    expect(
      (await letters())
        .filter(({ replayedAt }) => replayedAt)
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['IMPLAUSIBLE', 'UNKNOWN_METRIC']);
    const [series] = await seriesOf(request(device, Date.now() - HOUR_MS, Date.now() + HOUR_MS));
    expect(series!.columns.avg.toSorted((a, b) => a - b)).toEqual([20, 21, 9_999]);
    expect(await letters()).toHaveLength(4);
  });

  it('asks for the right, a device of one’s own, and a bounded list', async () => {
    const device = await aDevice();
    const retired = await aDevice({ lifecycle: 'RETIRED' });
    const code = async (deviceId: string, viewer: Viewer | null, readings = [{ metric: 'temperature', value: 1 }]) =>
      (await ask(RECORD, viewer, { deviceId, readings })).code;
    expect(await code(device.deviceId, null)).toBe('UNAUTHENTICATED');
    expect(await code(device.deviceId, as('OPERATOR'))).toBe('FORBIDDEN');
    expect(await code(device.deviceId, as('ADMIN', OTHER_ORGANIZATION))).toBe('NOT_FOUND');
    expect(await code(retired.deviceId, admin)).toBe('NOT_FOUND');
    expect(await code(device.deviceId, admin, [])).toBe('BAD_USER_INPUT');
  });
});

describe('states', () => {
  const statesOf = async (device: Device, metric: string, fromMs: number, toMs: number) => {
    const query = `query ($of: [_Any!]!, $metric: String!, $from: DateTime!, $to: DateTime!) { _entities(representations: $of) {
      ... on Device { states(metric: $metric, from: $from, to: $to) { state from to } } } }`;
    const variables = {
      of: [entity('Device', device.deviceId)],
      metric,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
    };
    const { _entities } = await give<{ _entities: { states: { state: string; from: string; to: string | null }[] }[] }>(query, variables);
    return _entities[0]!.states.map(({ state, from, to }) => [
      state,
      new Date(from).getTime() - baseMs,
      to && new Date(to).getTime() - baseMs,
    ]);
  };

  it('join equal words, begin with what held before, and last while nothing else came', async () => {
    const device = await aDevice();
    const word = (second: number, text: string) =>
      at(baseMs + second * 1_000, 0, { metric: 'state', kind: 'TEXT', unit: '1', value: null, text });
    const flag = (second: number, value: number) => at(baseMs + second * 1_000, value, { metric: 'door', kind: 'BOOLEAN', unit: '1' });
    // Out of order, as late data comes.
    await store(device, [word(40, 'off'), word(0, 'on'), flag(0, 1), flag(5, 0)]);
    await store(device, [word(30, 'on'), word(10, 'on'), word(50, 'off'), word(20, 'off')]);
    expect(await statesOf(device, 'state', baseMs - 1_000, baseMs + 60_000)).toEqual([
      ['on', 0, 20_000],
      ['off', 20_000, 30_000],
      ['on', 30_000, 40_000],
      ['off', 40_000, null],
    ]);
    expect(await statesOf(device, 'state', baseMs + 12_000, baseMs + 35_000)).toEqual([
      ['on', 12_000, 20_000],
      ['off', 20_000, 30_000],
      ['on', 30_000, 35_000],
    ]);
    expect(await statesOf(device, 'door', baseMs, baseMs + 60_000)).toEqual([
      ['true', 0, 5_000],
      ['false', 5_000, null],
    ]);
    await expect(statesOf(device, 'temperature', baseMs, baseMs + 1)).rejects.toThrow(/metric: has numbers/);
    await expect(statesOf(device, 'state', baseMs, baseMs)).rejects.toThrow(/from: must lie before to/);
  });
});

describe('completeness', () => {
  it('counts what should have arrived since the first reading, and names the holes', async () => {
    const device = await aDevice();
    const every10s = (fromS: number, toS: number) =>
      Array.from({ length: (toS - fromS) / 10 }, (_, i) => at(baseMs + (fromS + i * 10) * 1_000, i));
    await store(
      device,
      [...every10s(7_200, 14_400), ...every10s(0, 3_600)].sort((a, b) => ((a.value! * 7_919) % 101) - ((b.value! * 7_919) % 101)),
    );
    const of = async (fromMs: number, toMs: number) => {
      const query = `${OF_DEVICE} { ... on Device { completeness(metric: "temperature", from: $from, to: $to) { expected received percent gaps { from to } } } } }`;
      const variables = { of: [entity('Device', device.deviceId)], from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
      type Answer = {
        _entities: { completeness: { expected: number; received: number; percent: number; gaps: { from: Date; to: Date }[] } }[];
      };
      const { gaps, ...counts } = (await give<Answer>(query, variables))._entities[0]!.completeness;
      return { ...counts, gaps: spans(gaps).map(([from, to]) => [from! - baseMs, to! - baseMs]) };
    };
    const hole = [3_590_000, 7_200_000];
    expect(await of(baseMs - DAY_MS, baseMs + 14_400_000)).toEqual({ expected: 1_440, received: 1_080, percent: 75, gaps: [hole] });
    expect(await of(baseMs + 3_600_000, baseMs + 7_200_000)).toMatchObject({
      expected: 360,
      received: 0,
      percent: 0,
      gaps: [[3_600_000, 7_200_000]],
    });
    // Nine days later, by minutes: the same hole, and all that is missing since.
    const late = await of(baseMs, baseMs + 9 * DAY_MS);
    expect(late).toMatchObject({ expected: 9 * 8_640, received: 1_080, gaps: [hole, [14_390_000, 9 * DAY_MS]] });
  });
});

interface Event {
  cursor: string;
  readings: { value: number; deviceId: string }[];
}
async function listen(
  filter: Record<string, unknown>,
  { after = null as string | null, viewer = admin as Viewer | null, maxRate = null as number | null } = {},
) {
  const result = await subscribe({
    schema: telemetry.schema,
    document:
      parse(`subscription ($filter: ReadingFilter!, $after: Cursor, $maxRate: Int) { readings(filter: $filter, after: $after, maxRate: $maxRate) {
      cursor readings { value metric deviceId asset { id } } } }`),
    variableValues: { filter, after, maxRate },
    contextValue: telemetry.createContext({ viewerHeader: viewer ? signedViewer(viewer) : undefined, requestId: 'request' }),
  });
  if (!(Symbol.asyncIterator in result))
    throw (result as ExecutionResult).errors![0]!.originalError ?? (result as ExecutionResult).errors![0]!;
  const events: Event[] = [];
  let fault: unknown;
  const running = (async () => {
    for await (const { data, errors } of result) {
      if (errors) throw errors[0]!;
      events.push((data as unknown as { readings: Event }).readings);
    }
  })().catch((error: unknown) => (fault = error));
  return {
    events,
    values: () => events.flatMap(({ readings }) => readings.map(({ value }) => value)),
    fault: () => fault,
    stop: async () => {
      await result.return?.();
      await running;
    },
  };
}

describe('readings', () => {
  it('arrive in one event per commit, and only those asked for', async () => {
    const [one, two] = [await aDevice(), await aDevice()];
    const asset = randomUUID();
    await projection.waitFor(
      registry.push(
        put('asset', anAssetEntry({ id: asset })),
        put('assignment', anAssignmentEntry({ id: randomUUID(), deviceId: two.deviceId, assetId: asset, fromMs: baseMs + 1_000 })),
      ),
      10_000,
    );
    const listeners = {
      first: await listen({ deviceIds: [one.deviceId] }),
      both: await listen({ deviceIds: [one.deviceId, two.deviceId], metrics: ['temperature'] }),
      place: await listen({ assetId: asset }),
    };
    await eventLog.append([
      aReadingsRecord({ ...one, readings: [at(baseMs, 1), at(baseMs, 7, { metric: 'other' })] }),
      aReadingsRecord({ ...two, readings: [at(baseMs, 2), at(baseMs + 1_000, 3)] }),
    ]);
    await eventLog.append([aReadingsRecord({ ...two, readings: [at(baseMs + 2_000, 4), at(baseMs + 1_000, 3)] })]);
    await eventually(() => {
      expect(listeners.both.values()).toEqual([1, 2, 3, 4]);
      expect(listeners.first.values()).toEqual([1, 7]);
      expect(listeners.place.values()).toEqual([3, 4]);
    });
    expect(listeners.both.events).toHaveLength(2);
    for (const listener of Object.values(listeners)) await listener.stop();
  });

  it('come once each and in order after a cursor, wherever the connection was cut, while more arrive', async () => {
    const [device, noise] = [await aDevice(), await aDevice()];
    const first = await listen({ deviceIds: [device.deviceId] });
    const total = 60;
    const write = async (from: number, to: number) => {
      for (let i = from; i < to; i++)
        await eventLog.append([aReadingsRecord({ ...(i % 3 ? device : noise), readings: [at(baseMs + i * 1_000, i)] })]);
    };
    const expected = Array.from({ length: total }, (_, i) => i).filter((i) => i % 3);
    await write(0, total / 2);
    await eventually(() => expect(first.values()).toEqual(expected.filter((i) => i < total / 2)));
    // Every cut at once, each joining while the rest is being written.
    const cuts = first.events.map(({ cursor }, index) => ({
      cursor,
      seen: first.events.slice(0, index + 1).flatMap(({ readings }) => readings.map(({ value }) => value)),
    }));
    const writing = write(total / 2, total);
    const resumed = await Promise.all(
      cuts.map(async ({ cursor, seen }) => ({ seen, listener: await listen({ deviceIds: [device.deviceId] }, { after: cursor }) })),
    );
    await writing;
    await eventually(() => {
      for (const { seen, listener } of resumed) expect([...seen, ...listener.values()]).toEqual(expected);
    });
    // A second cut of each, in the middle of what it resumed.
    const again = await Promise.all(
      resumed.map(async ({ seen, listener }) => {
        const index = Math.floor(listener.events.length / 2);
        const more = listener.events.slice(0, index + 1).flatMap(({ readings }) => readings.map(({ value }) => value));
        return {
          seen: [...seen, ...more],
          listener: await listen({ deviceIds: [device.deviceId] }, { after: listener.events[index]!.cursor }),
        };
      }),
    );
    await eventually(() => {
      for (const { seen, listener } of again) expect([...seen, ...listener.values()]).toEqual(expected);
    });
    for (const { listener } of [...resumed, ...again]) await listener.stop();
    await first.stop();
  });

  it('are found in the table when the bus loses a message', async () => {
    const device = await aDevice();
    const listener = await listen({ deviceIds: [device.deviceId] });
    const publish = bus.publish;
    bus.publish = () => Promise.resolve();
    try {
      await store(device, [at(baseMs, 1)]);
      await store(device, [at(baseMs + 1_000, 2)]);
    } finally {
      bus.publish = publish;
    }
    await store(device, [at(baseMs + 2_000, 3)]);
    await eventually(() => expect(listener.values()).toEqual([1, 2, 3]));
    await listener.stop();
  });

  it('are thinned to the newest per metric when a rate is asked for', async () => {
    const device = await aDevice();
    const listener = await listen({ deviceIds: [device.deviceId] }, { maxRate: 5 });
    for (let i = 0; i < 40; i++) await store(device, [at(baseMs + i * 1_000, i), at(baseMs + i * 1_000, -i, { metric: 'other' })]);
    await eventually(() => expect(listener.values()).toEqual(expect.arrayContaining([39, -39])));
    expect(listener.events.length).toBeLessThan(20);
    for (const { readings } of listener.events)
      expect(new Set(readings.map((r) => JSON.stringify((r as unknown as { metric: string }).metric))).size).toBe(readings.length);
    await listener.stop();
  });

  it('refuse a cursor that is another organization’s, forged, or older than the window', async () => {
    const [device, foreign] = [await aDevice(), await aDevice({ organizationId: OTHER_ORGANIZATION.id })];
    const theirs = await listen({ deviceIds: [foreign.deviceId] }, { viewer: as('ADMIN', OTHER_ORGANIZATION) });
    const mine = await listen({ deviceIds: [device.deviceId] });
    await store(foreign, [at(baseMs, 1)], { organizationId: OTHER_ORGANIZATION.id });
    await store(device, [at(baseMs, 1)]);
    await store(device, [at(baseMs + 1_000, 2)]);
    await eventually(() => expect([theirs.events.length, mine.events.length]).toEqual([1, 2]));
    const resume = (after: string) => listen({ deviceIds: [device.deviceId] }, { after });
    await expect(resume(theirs.events[0]!.cursor)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    await expect(resume(`x${mine.events[0]!.cursor}`)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    // A place that was never reached: the database was put back to an earlier day.
    const beyond = createCursorCodec('readings', [TEST_VIEWER_KEY]).encode(TEST_ORGANIZATION.id, { 0: 1e9 });
    await expect(resume(beyond)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });

    await store(device, [at(baseMs + 2_000, 3)]);
    await eventually(() => expect(mine.events).toHaveLength(3));
    const [first, second, third] = mine.events;
    await db.rows(
      'delete from stored_batch where organization_id = $1 and seq < (select max(seq) from stored_batch where organization_id = $1)',
      [TEST_ORGANIZATION.id],
    );
    await expect(resume(first!.cursor)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    const kept = await resume(second!.cursor);
    await eventually(() => expect(kept.values()).toEqual([3]));
    await db.rows('delete from stored_batch where organization_id = $1', [TEST_ORGANIZATION.id]);
    await expect(resume(second!.cursor)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    const end = await resume(third!.cursor);
    for (const listener of [theirs, mine, kept, end]) await listener.stop();
  });

  it('refuse filters that are wrong or not the viewer’s', async () => {
    const foreign = await aDevice({ organizationId: OTHER_ORGANIZATION.id });
    const refused = (filter: Record<string, unknown>, viewer: Viewer | null = admin) => expect(listen(filter, { viewer })).rejects;
    await refused({}, null).toMatchObject({ code: 'UNAUTHENTICATED' });
    await refused({ deviceIds: ['nonsense'] }).toMatchObject({ code: 'BAD_USER_INPUT', details: { path: 'filter.deviceIds[0]' } });
    await refused({ deviceIds: [] }).toMatchObject({ code: 'BAD_USER_INPUT' });
    await refused({ metrics: ['1 bad'] }).toMatchObject({ code: 'BAD_USER_INPUT', details: { path: 'filter.metrics[0]' } });
    await refused({ deviceIds: [randomUUID()] }).toMatchObject({ code: 'NOT_FOUND', message: 'No such device.' });
    await refused({ deviceIds: [foreign.deviceId] }).toMatchObject({ code: 'NOT_FOUND', message: 'No such device.' });
    await refused({ patientId: randomUUID() }, as('OPERATOR')).toMatchObject({ code: 'FORBIDDEN' });
    await expect(listen({}, { maxRate: 0 })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { path: 'maxRate' } });
  });
});

it('pipelineStatus counts what was stored, repeated and refused, and says when it is down', async () => {
  const organization = { id: randomUUID(), key: 'counted' };
  const viewer = as('VIEWER', organization);
  const status = async () =>
    (
      await give<{ pipelineStatus: Record<string, unknown> }>(
        '{ pipelineStatus { readingsPerSecond acceptedTotal duplicatesTotal rejectedTotal backlog storeLatencyMsP50 storeLatencyMsP99 health at } }',
        {},
        viewer,
      )
    ).pipelineStatus;
  await eventually(async () => expect(await status()).toMatchObject({ acceptedTotal: 0, backlog: 0, health: 'HEALTHY' }));

  const changes = (await subscribe({
    schema: telemetry.schema,
    document: parse('subscription { pipelineStatusChanged { acceptedTotal rejectedTotal storeLatencyMsP99 } }'),
    contextValue: telemetry.createContext({ viewerHeader: signedViewer(viewer), requestId: 'request' }),
  })) as AsyncGenerator<ExecutionResult<{ pipelineStatusChanged: Record<string, number> }>>;
  const next = async () => (await changes.next()).value.data.pipelineStatusChanged as Record<string, number>;
  expect(await next()).toMatchObject({ acceptedTotal: 0 });

  const device = { deviceId: randomUUID(), deviceKey: 'counted' };
  const record = aReadingsRecord({
    ...device,
    organizationId: organization.id,
    receivedAtUs: (Date.now() - 40) * 1000,
    readings: [at(baseMs, 1), at(baseMs + 1, 2)],
  });
  await eventLog.append([record, aRejectionRecord({ organizationId: organization.id })]);
  await eventLog.append([record]);
  let changed = await next();
  while (changed.storeLatencyMsP99 === 0) changed = await next();
  expect(changed.acceptedTotal).toBe(2);
  expect(changed.storeLatencyMsP99).toBeGreaterThan(40);
  await changes.return(undefined);
  expect(await status()).toMatchObject({ acceptedTotal: 2, duplicatesTotal: 2, rejectedTotal: 1, health: 'HEALTHY' });

  // A writer that lives would beat again at once.
  await writer?.stop();
  writer = null;
  await db.rows(`update writer_group set heartbeat_at = now() - interval '1 minute'`);
  expect(await status()).toMatchObject({ health: 'DOWN', acceptedTotal: 2 });
});
