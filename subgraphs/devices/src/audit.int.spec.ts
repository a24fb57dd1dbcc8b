import type { AuditRecord, Viewer } from '@pulsegraph/contracts';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { askSubgraph, aViewer, eventually, signedViewer, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY, testDatabase } from '@pulsegraph/testkit';
import { createDevicesSubgraph, type DevicesSubgraph } from './devices-subgraph.js';

const database = testDatabase('devices');
const trail = {
  records: [] as AuditRecord[],
  away: false,
  deliver(records: readonly AuditRecord[]): Promise<void> {
    if (trail.away) return Promise.reject(new Error('users is away'));
    trail.records.push(...records);
    return Promise.resolve();
  },
};
let devices: DevicesSubgraph;
const clinician = aViewer({ role: 'CLINICIAN' });

beforeAll(async () => {
  devices = await createDevicesSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    eventLog: createMemoryEventLog(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    mqttPublicUrl: 'mqtt://localhost:1883',
    edge: { accept: () => Promise.resolve(), revoke: () => Promise.resolve() },
    auditSink: trail,
  });
  await devices.start();
});
afterAll(() => devices?.stop());
beforeEach(() => {
  trail.records.length = 0;
  trail.away = false;
});

async function give<T>(query: string, viewer: Viewer = clinician, variables?: Record<string, unknown>): Promise<T> {
  const { data, errors } = await askSubgraph<T>(devices, query, { viewer, variables, clientAddress: '203.0.113.4' });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}
const createPatient = async (displayName: string) =>
  (
    await give<{ createPatient: { id: string } }>('mutation ($input: PatientInput!) { createPatient(input: $input) { id } }', clinician, {
      input: { displayName, recordNumber: 'R-4711', birthDate: '1957-03-31', spo2Scale: 2 },
    })
  ).createPatient.id;
const reads = () => trail.records.filter(({ action }) => action === 'readPatient').map(({ subjectId }) => subjectId);

it('records a mutation with who, whom, whence and what, and no personal value', async () => {
  const id = await createPatient('Grace Hopper');
  expect(trail.records.find(({ action }) => action === 'createPatient')).toMatchObject({
    organizationId: clinician.organizationId,
    actorKind: 'USER',
    actorId: clinician.subject!.id,
    subjectType: 'Patient',
    subjectId: id,
    ip: '203.0.113.4',
    requestId: 'request-in-a-test',
    detail: { outcome: 'SUCCEEDED', arguments: { input: { displayName: '•', recordNumber: '•', birthDate: '•', spo2Scale: '•' } } },
  });
  expect(JSON.stringify(trail.records)).not.toMatch(/Grace|Hopper|4711|1957/);
});

it('records each patient that is read, by whatever way, once per operation', async () => {
  const [one, two] = [await createPatient('Ada'), await createPatient('Grace')];
  trail.records.length = 0;
  await give('query ($id: ID!) { a: patient(id: $id) { displayName } b: patient(id: $id) { birthDate } }', clinician, { id: one });
  await eventually(() => expect(reads()).toEqual([one]));
  trail.records.length = 0;
  await give('{ patients(first: 2) { nodes { displayName } } }');
  await eventually(() => expect(reads().sort()).toEqual([one, two].sort()));
  trail.records.length = 0;
  await give('query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { displayName } } }', clinician, {
    r: [{ __typename: 'Patient', id: two }],
  });
  await eventually(() => expect(reads()).toEqual([two]));
});

it('records the start of a subscription that shows patients, and not each event of the shared stream', async () => {
  const id = await createPatient('Ada');
  trail.records.length = 0;
  const request = { viewerHeader: signedViewer(clinician), requestId: 'live-1', clientAddress: '203.0.113.5' };
  await devices.recordAccess!({ action: 'alertChanged', patientIds: [id] }, request);
  await give(
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { displayName } } }',
    { ...clinician, subject: null },
    {
      r: [{ __typename: 'Patient', id }],
    },
  );
  await eventually(() =>
    expect(trail.records).toMatchObject([
      { action: 'alertChanged', subjectType: 'Patient', subjectId: id, ip: '203.0.113.5', requestId: 'live-1' },
    ]),
  );
});

it('gives no patient that cannot be recorded', async () => {
  const id = await createPatient('Ada');
  await database.rows('alter table audit_outbox rename to gone');
  try {
    const { data, code } = await askSubgraph<{ patient: unknown }>(devices, `{ patient(id: "${id}") { displayName } }`, {
      viewer: clinician,
    });
    expect([data?.patient, code]).toEqual([null, 'SERVICE_UNAVAILABLE']);
  } finally {
    await database.rows('alter table gone rename to audit_outbox');
  }
});

it('keeps records while the trail is away, and delivers them once it is back', async () => {
  trail.away = true;
  await give('mutation { createAsset(input: { name: "Hall 1", kind: AREA }) { id } }', aViewer());
  await give('mutation { createAsset(input: { name: "Hall 2", kind: AREA }) { id } }', aViewer());
  expect(trail.records).toEqual([]);
  trail.away = false;
  await eventually(() => expect(trail.records.map(({ action }) => action)).toEqual(['createAsset', 'createAsset']));
  await eventually(async () => expect(await database.rows('select from audit_outbox')).toEqual([]));
});

it('says that the outcome is unknown where a process died in between', async () => {
  await database.rows(
    `insert into audit_outbox (id, kind, written_at, record)
     select gen_random_uuid(), 'ATTEMPT', now() - interval '3 minutes', '{"action": "retireDevice", "detail": {"arguments": {}}}'::jsonb`,
  );
  await eventually(() => expect(trail.records).toMatchObject([{ action: 'retireDevice', detail: { outcome: 'UNKNOWN' } }]));
});

it('records what was refused', async () => {
  expect((await askSubgraph(devices, '{ patients { totalCount } }', { viewer: aViewer({ role: 'OPERATOR' }) })).code).toBe('FORBIDDEN');
  await eventually(() => expect(trail.records).toMatchObject([{ action: 'patients', detail: { outcome: 'REFUSED', code: 'FORBIDDEN' } }]));
});
