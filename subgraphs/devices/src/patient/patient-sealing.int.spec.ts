import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { keyFrom, localKeyService, Sealer, type KeyService } from '@pulsegraph/kit/sealing';
import {
  askSubgraph,
  aViewer,
  eventually,
  TEST_INTERNAL_TOKEN,
  TEST_ORGANIZATION,
  TEST_VIEWER_KEY,
  testDatabase,
} from '@pulsegraph/testkit';
import { createDevicesSubgraph, type DevicesSubgraph } from '../devices-subgraph.js';

const [OLD, NEW] = ['the older data key of this test, long enough', 'the newer data key of this test, long enough'];
const database = testDatabase('devices');
const running = new Set<DevicesSubgraph>();
const viewer = aViewer({ role: 'CLINICIAN' });

async function start(dataKeys: readonly string[], keyService?: KeyService): Promise<DevicesSubgraph> {
  const devices = await createDevicesSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    eventLog: createMemoryEventLog(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    mqttPublicUrl: 'mqtt://localhost:1883',
    edge: { accept: () => Promise.resolve(), revoke: () => Promise.resolve() },
    dataKeys,
    keyService,
  });
  running.add(devices);
  await devices.start();
  return devices;
}
async function stop(devices: DevicesSubgraph): Promise<void> {
  running.delete(devices);
  await devices.stop();
}
afterEach(async () => {
  await Promise.all([...running].map(stop));
  await database.rows('truncate patient cascade');
});

async function ask<T>(devices: DevicesSubgraph, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await askSubgraph<T>(devices, query, { viewer, variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}
interface Found {
  patients: { totalCount: number; nodes: { displayName: string; recordNumber: string | null; birthDate: string | null }[] };
}
const create = async (devices: DevicesSubgraph, input: Record<string, unknown>) =>
  (
    await ask<{ createPatient: { id: string } }>(devices, 'mutation ($input: PatientInput!) { createPatient(input: $input) { id } }', {
      input,
    })
  ).createPatient.id;
const find = async (devices: DevicesSubgraph, search: string) =>
  (
    await ask<Found>(
      devices,
      'query ($search: String) { patients(search: $search) { totalCount nodes { displayName recordNumber birthDate } } }',
      {
        search,
      },
    )
  ).patients;
const names = async (devices: DevicesSubgraph, search: string) => (await find(devices, search)).nodes.map(({ displayName }) => displayName);
async function dump(): Promise<string> {
  const tables = await database.rows<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'devices'::regnamespace and relkind = 'r' and relname <> 'migration'`,
  );
  let text = '';
  for (const { name } of tables) text += JSON.stringify(await database.rows(`select * from ${name}`));
  return text;
}
const GRACE = { displayName: 'Grace Brewster Hopper', recordNumber: 'MRN-1906-12', birthDate: '1906-12-09' };

it('keeps nothing in the database that tells who a patient is', async () => {
  const devices = await start([OLD]);
  await create(devices, GRACE);
  await create(devices, { displayName: 'Éva O’Hara' });
  const text = (await dump()).toLowerCase();
  expect(['grace', 'hopper', 'brewster', '1906-12', 'éva', 'o’hara'].filter((word) => text.includes(word))).toEqual([]);
  expect((await find(devices, '')).nodes[1]).toEqual(GRACE);
});

it('finds patients by the beginning of any word of name and record number, in any case and without accents', async () => {
  const devices = await start([OLD]);
  await create(devices, GRACE);
  await create(devices, { displayName: 'Éva O’Hara', recordNumber: 'MRN-2' });
  for (const search of ['grace', 'HOPPER gr', 'brew', 'mrn-1906-12', '1906'])
    expect(await names(devices, search)).toEqual([GRACE.displayName]);
  for (const search of ['eva', 'ÉVA', 'hara', 'o’h']) expect(await names(devices, search)).toEqual(['Éva O’Hara']);
  expect(await find(devices, 'mrn')).toMatchObject({ totalCount: 2 });
  for (const search of ['race', 'grace eva', 'mrn-1906-13'])
    expect(await find(devices, search)).toMatchObject({ totalCount: 0, nodes: [] });
});

it('seals what an older release wrote before it serves anybody', async () => {
  await stop(await start([OLD]));
  await database.rows(
    `insert into patient (id, organization_id, display_name, record_number, birth_date, spo2_scale, admitted_at)
     select gen_random_uuid(), $1, 'Plain Patient ' || n, 'PL-' || n, '1950-01-01', 1, now() from generate_series(1, 450) n`,
    [TEST_ORGANIZATION.id],
  );
  const devices = await start([OLD]);
  const text = await dump();
  expect(['Plain Patient', '1950-01-01'].filter((word) => text.includes(word))).toEqual([]);
  expect((await find(devices, 'pl-450')).nodes).toEqual([
    { displayName: 'Plain Patient 450', recordNumber: 'PL-450', birthDate: '1950-01-01' },
  ]);
});

it('rotates keys under load without a failed request, and needs the old key no more', async () => {
  const first = await start([OLD, NEW]);
  const ids: string[] = [];
  for (let n = 0; n < 30; n++) ids.push(await create(first, { ...GRACE, displayName: `Grace Number ${n}` }));
  let requests = 0;
  let over = false;
  // People go on working with processes that seal with the old key and with the new one.
  const work = async (devices: DevicesSubgraph, seed: number) => {
    for (let n = seed; !over; n++) {
      const id = ids[(n * 7) % ids.length]!;
      await ask(devices, 'query ($id: ID!) { patient(id: $id) { displayName recordNumber } }', { id });
      expect((await find(devices, `mrn-1906 grace`)).totalCount).toBeGreaterThanOrEqual(30);
      if (n % 3 === 0) {
        const input = { ...GRACE, displayName: `Grace Number ${n}` };
        await ask(devices, 'mutation ($id: ID!, $input: PatientInput!) { updatePatient(id: $id, input: $input) { id } }', { id, input });
      }
      requests += 1;
    }
  };
  const workers = [work(first, 0)];
  const second = await start([NEW, OLD]);
  workers.push(work(second, 11));
  await eventually(() => expect(requests).toBeGreaterThan(40));
  over = true;
  await Promise.all(workers);
  await stop(first);
  await stop(second);

  // What the first process sealed after the second had begun is found by the next start.
  await stop(await start([NEW, OLD]));
  const alone = await start([NEW]);
  expect(await find(alone, 'grace 1906')).toMatchObject({ totalCount: 30 });
});

it('opens nothing without the key', async () => {
  const devices = await start([OLD]);
  const id = await create(devices, GRACE);
  await stop(devices);
  const stranger = await start([NEW]);
  await expect(ask(stranger, `{ patient(id: "${id}") { displayName } }`)).rejects.toThrow(/not among DATA_KEY/);
  expect(await find(stranger, 'grace')).toMatchObject({ totalCount: 0 });
});

it('lets a key service of another kind wrap the keys', async () => {
  const local = localKeyService(new Sealer([keyFrom(NEW, 'devices')]));
  const calls = { wrap: 0, unwrap: 0 };
  const remote: KeyService = {
    wrap: (key, place) => Promise.resolve(((calls.wrap += 1), local.wrap(key, place))),
    unwrap: (wrapped, place) => Promise.resolve(((calls.unwrap += 1), local.unwrap(wrapped, place))),
    isCurrent: (wrapped) => local.isCurrent(wrapped),
  };
  const id = await create(await start([OLD], remote), GRACE);
  await Promise.all([...running].map(stop));
  const again = await start([OLD], remote);
  for (let n = 0; n < 3; n++)
    expect(await ask(again, `{ patient(id: "${id}") { displayName } }`)).toEqual({ patient: { displayName: GRACE.displayName } });
  // Asked once per key, not once per read.
  expect(calls).toEqual({ wrap: 1, unwrap: 1 });
});

it('makes an erased patient unreadable and unfindable, also with the key of the platform', async () => {
  const devices = await start([OLD]);
  const id = await create(devices, GRACE);
  const admin = aViewer();
  const erase = async (viewer: typeof admin) => askSubgraph(devices, `mutation { erasePatient(id: "${id}") }`, { viewer });
  expect([(await erase(viewer)).code, (await erase(admin)).code]).toEqual(['FORBIDDEN', 'CONFLICT']);
  await ask(devices, `mutation { dischargePatient(id: "${id}") { id } }`);
  expect((await erase(admin)).data).toEqual({ erasePatient: true });
  expect(await find(devices, 'grace')).toMatchObject({ totalCount: 0 });
  expect((await find(devices, '')).nodes).toEqual([{ displayName: 'Erased', recordNumber: null, birthDate: null }]);
  expect(await database.rows('select wrapped_key, sealed, search_tokens from patient')).toEqual([
    { wrapped_key: null, sealed: null, search_tokens: [] },
  ]);
});
