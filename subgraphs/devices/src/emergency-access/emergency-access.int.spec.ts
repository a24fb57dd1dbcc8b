import type { AuditRecord, Role, Viewer } from '@pulsegraph/contracts';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { askSubgraph, aViewer, OTHER_ORGANIZATION, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY, testDatabase } from '@pulsegraph/testkit';
import { createDevicesSubgraph, type DevicesSubgraph } from '../devices-subgraph.js';

const database = testDatabase('devices');
const records: AuditRecord[] = [];
let nowMs = Date.now();
let devices: DevicesSubgraph;
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
    auditSink: { deliver: (batch) => Promise.resolve(void records.push(...batch)) },
    clock: { now: () => nowMs, every: () => () => Promise.resolve() },
  });
});
afterAll(() => devices?.stop());

const as = (role: Role, id = '0190a000-0000-7000-8000-0000000000c1'): Viewer =>
  aViewer({ role, subject: { kind: 'USER', id, name: `The ${role}`, sessionId: null } });
const OPEN = `mutation ($input: EmergencyAccessInput!) { openEmergencyAccess(input: $input) { reason startedAt endsAt patient { displayName } } }`;
const READ = 'query ($id: ID!) { patient: emergencyPatient(id: $id) { displayName } }';
const REASON = 'Found without consciousness in room 4';
const ask = <T>(query: string, viewer: Viewer, variables: Record<string, unknown>) => askSubgraph<T>(devices, query, { viewer, variables });

async function aPatient(displayName = 'Grace Hopper'): Promise<string> {
  const query = 'mutation ($input: PatientInput!) { createPatient(input: $input) { id } }';
  return (await ask<{ createPatient: { id: string } }>(query, as('CLINICIAN'), { input: { displayName } })).data!.createPatient.id;
}

it('opens one patient to one person for one hour', async () => {
  const [id, another] = [await aPatient(), await aPatient('Ada Lovelace')];
  const operator = as('OPERATOR');
  expect((await ask(READ, operator, { id })).code).toBe('FORBIDDEN');
  const { data, errors } = await ask(OPEN, operator, { input: { patientId: id, reason: REASON } });
  expect(errors).toEqual([]);
  expect(data).toMatchObject({ openEmergencyAccess: { reason: REASON, patient: { displayName: 'Grace Hopper' } } });

  expect((await ask(READ, operator, { id })).data).toEqual({ patient: { displayName: 'Grace Hopper' } });
  expect((await ask(READ, operator, { id: another })).code).toBe('FORBIDDEN');
  expect((await ask(READ, as('OPERATOR', '0190a000-0000-7000-8000-0000000000c2'), { id })).code).toBe('FORBIDDEN');
  for (const query of ['{ patients { totalCount } }', `{ patient(id: "${id}") { id } }`])
    expect((await ask(query, operator, {})).code).toBe('FORBIDDEN');
  nowMs += 3_600_001;
  expect((await ask(READ, operator, { id })).code).toBe('FORBIDDEN');
});

it('is on record, lists for administrators with its reason, and keeps the reason out of the database', async () => {
  const id = await aPatient();
  await ask(OPEN, as('ENGINEER'), { input: { patientId: id, reason: `${REASON} again` } });
  expect(records).toContainEqual(
    expect.objectContaining({
      action: 'openEmergencyAccess',
      actorName: 'The ENGINEER',
      detail: expect.objectContaining({ outcome: 'SUCCEEDED' }) as object,
    }),
  );
  const { data } = await ask<{ emergencyAccesses: object[] }>('{ emergencyAccesses { reason userId patient { id } } }', as('ADMIN'), {});
  expect(data!.emergencyAccesses[0]).toMatchObject({ reason: `${REASON} again`, patient: { id } });
  expect((await ask('{ emergencyAccesses { id } }', as('OPERATOR'), {})).code).toBe('FORBIDDEN');
  const dump = JSON.stringify([records, await database.rows('select * from emergency_access')]);
  expect(dump.includes('consciousness')).toBe(false);
});

it('refuses who may already or never may, a reason that says nothing, and patients that are not there', async () => {
  const id = await aPatient();
  const open = async (viewer: Viewer, input: object) =>
    (await ask(OPEN, viewer, { input: { patientId: id, reason: REASON, ...input } })).code;
  expect(await open(as('CLINICIAN'), {})).toBe('CONFLICT');
  expect(await open(as('VIEWER'), {})).toBe('FORBIDDEN');
  expect(await open(aViewer({ role: 'OPERATOR', subject: { kind: 'API_KEY', id, name: 'key', sessionId: null } }), {})).toBe('FORBIDDEN');
  expect(await open(as('OPERATOR'), { reason: '   because   ' })).toBe('BAD_USER_INPUT');
  expect(await open(as('OPERATOR'), { reason: 'x'.repeat(501) })).toBe('BAD_USER_INPUT');
  expect(await open(as('OPERATOR'), { deviceId: id })).toBe('BAD_USER_INPUT');
  expect(await open(as('OPERATOR'), { patientId: 'nonsense' })).toBe('NOT_FOUND');
  expect(await open({ ...as('OPERATOR'), organizationId: OTHER_ORGANIZATION.id }, {})).toBe('NOT_FOUND');
});
