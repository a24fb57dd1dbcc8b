import { VIEWER_HEADER, type Viewer } from '@pulsegraph/contracts';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createHttpService, type HttpService } from '@pulsegraph/kit/http';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { createPool } from '@pulsegraph/kit/postgres';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import {
  OTHER_ORGANIZATION,
  TEST_DEVICE,
  TEST_INTERNAL_TOKEN,
  TEST_VIEWER_KEY,
  aDeviceEntry,
  aMetricEntry,
  aProfileEntry,
  aReading,
  aReadingsRecord,
  aViewer,
  anOrganizationEntry,
  eventually,
  fakeRegistrySource,
  put,
  signedViewer,
  testDatabase,
} from '@pulsegraph/testkit';
import { parquetReadObjects } from 'hyparquet';
import { Packer } from '../pack/packer.js';
import { createTelemetrySubgraph, type TelemetrySubgraph } from '../telemetry-subgraph.js';
import { createTelemetryWriter, type TelemetryWriter } from '../writer/writer.js';

const DAY_MS = 86_400_000;
const STEP_MS = 10_000;
/** More than one fetch, over three days, of which the first two are packed. */
const COUNT = 24_000;
const START_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 10 * DAY_MS;

const db = testDatabase('telemetry');
const bus = createInProcessBus();
const eventLog = createMemoryEventLog({ groups: ['telemetry-writer'] });
const metrics = [aMetricEntry(), aMetricEntry({ metric: 'state', kind: 'TEXT', unit: '1', values: ['on', '=off'] })];
const registry = fakeRegistrySource([
  put('organization', anOrganizationEntry()),
  put('organization', anOrganizationEntry({ ...OTHER_ORGANIZATION })),
  put('profile', aProfileEntry({ metrics })),
  put('device', aDeviceEntry()),
]);
const projection = createRegistryProjection({ source: registry, bus, log: silentLog });
let telemetry: TelemetrySubgraph;
let writer: TelemetryWriter;
let http: HttpService;
let url = '';

const valueAt = (index: number) => 20 + (index % 100) / 10;
const instantAt = (index: number) => START_MS + index * STEP_MS;

beforeAll(async () => {
  await projection.start();
  const keys = { internalToken: TEST_INTERNAL_TOKEN, viewerKeys: [TEST_VIEWER_KEY], cursorKeys: [TEST_VIEWER_KEY] };
  telemetry = await createTelemetrySubgraph({ databaseUrl: db.url, bus, eventLog, log: silentLog, projection, ...keys });
  writer = createTelemetryWriter({ databaseUrl: db.url, bus, eventLog, log: silentLog });
  await writer.start();
  const readings = Array.from({ length: COUNT }, (_, index) => aReading({ recordedAtUs: instantAt(index) * 1000, value: valueAt(index) }));
  const word = { metric: 'state', kind: 'TEXT', unit: '1', value: null } as const;
  const words = ['on', '=off'].map((text, index) => aReading({ ...word, text, recordedAtUs: instantAt(index) * 1000 }));
  await eventLog.append([aReadingsRecord({ readings }), aReadingsRecord({ readings: words })]);
  const service = createPool({ databaseUrl: db.url, owner: 'telemetry', kind: 'service' }, () => undefined);
  await new Packer(service, silentLog).run((START_MS + 4 * DAY_MS) * 1000, 2);
  await service.end();
  expect((await db.rows('select 1 from reading_chunk')).length).toBeGreaterThan(24);
  http = createHttpService({ version: 'test', checks: [], log: silentLog });
  http.app.use(telemetry.routes!);
  url = `http://127.0.0.1:${await http.listen(0)}`;
}, 60_000);
afterAll(async () => {
  await http?.close();
  await writer?.stop();
  await telemetry?.stop();
  await projection.stop();
});

const span = { from: new Date(START_MS).toISOString(), to: new Date(START_MS + 4 * DAY_MS).toISOString() };
const get = (over: Record<string, string> = {}, viewer: Viewer | null = aViewer({ role: 'VIEWER' })) =>
  fetch(`${url}/export/series?${new URLSearchParams({ deviceId: TEST_DEVICE.id, metric: 'temperature', ...span, ...over })}`, {
    headers: viewer ? { [VIEWER_HEADER]: signedViewer(viewer) } : {},
  });

it('gives every reading once and in order as CSV, packed days included', async () => {
  const response = await get();
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="device-001-temperature.csv"');
  const [head, ...lines] = (await response.text()).trimEnd().split('\n');
  expect(head).toBe('recordedAt,value,unit');
  expect(lines).toEqual(Array.from({ length: COUNT }, (_, i) => `${new Date(instantAt(i)).toISOString()},${valueAt(i)},Cel`));
});

it('gives the same as JSON and as Parquet', async () => {
  const json = (await (await get({ format: 'json' })).json()) as object[];
  const file = await (await get({ format: 'parquet' })).arrayBuffer();
  const rows = await parquetReadObjects({ file });
  expect(json).toHaveLength(COUNT);
  expect(json[12_345]).toEqual({ recordedAt: new Date(instantAt(12_345)).toISOString(), value: valueAt(12_345), unit: 'Cel' });
  expect(rows.map((row) => ({ ...row, recordedAt: (row.recordedAt as Date).toISOString() }))).toEqual(json);
});

it('gives words, and none that a spreadsheet would run', async () => {
  expect(await (await get({ metric: 'state' })).text()).toMatch(/Z,on,1\n.*Z,'=off,1\n$/);
  const rows = await parquetReadObjects({ file: await (await get({ metric: 'state', format: 'parquet' })).arrayBuffer() });
  expect(rows.map(({ value }) => value)).toEqual(['on', '=off']);
});

it('gives an empty file of each format where nothing was recorded', async () => {
  const empty = { to: span.from, from: new Date(START_MS - 1_000).toISOString() };
  expect(await (await get(empty)).text()).toBe('recordedAt,value,unit\n');
  expect(await (await get({ ...empty, format: 'json' })).json()).toEqual([]);
  expect(await parquetReadObjects({ file: await (await get({ ...empty, format: 'parquet' })).arrayBuffer() })).toEqual([]);
});

it('keeps strangers and other organizations out, and says what is wrong with a request', async () => {
  const answer = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
  expect(await answer(await get({}, null))).toEqual([401, 'UNAUTHENTICATED']);
  expect(await answer(await get({}, aViewer({ subject: null })))).toEqual([403, 'FORBIDDEN']);
  const other = aViewer({ organizationId: OTHER_ORGANIZATION.id, organizationKey: OTHER_ORGANIZATION.key });
  expect(await answer(await get({}, other))).toEqual([404, 'NOT_FOUND']);
  expect(await answer(await get({ deviceId: 'x' }))).toEqual([404, 'NOT_FOUND']);
  expect(await answer(await get({ metric: 'nothing' }))).toEqual([404, 'NOT_FOUND']);
  const wrong: Record<string, string>[] = [{ from: 'yesterday' }, { format: 'xlsx' }, { from: span.to, to: span.from }, { metric: '' }];
  for (const bad of wrong) expect(await answer(await get(bad))).toEqual([400, 'BAD_USER_INPUT']);
});

it('lets go of the database when the client leaves in the middle', async () => {
  const response = await get({ format: 'json' });
  await response.body!.cancel();
  await eventually(async () => {
    const open = await db.rows(`select 1 from pg_stat_activity where application_name = 'pulsegraph-telemetry-api' and state <> 'idle'`);
    expect(open).toEqual([]);
  });
});
