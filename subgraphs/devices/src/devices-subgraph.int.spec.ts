import { createHash, randomUUID } from 'node:crypto';
import {
  may,
  ROLES,
  VIEWER_HEADER,
  type Permission,
  type RegistryChange,
  type RegistryFeedPage,
  type Role,
  type Viewer,
} from '@pulsegraph/contracts';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { inOrganizationPool, roleUrl } from '@pulsegraph/kit/postgres';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { askSubgraph, aViewer, signedViewer, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY, testDatabase } from '@pulsegraph/testkit';
import fc from 'fast-check';
import { Pool } from 'pg';
import { FACTS_OF_DEVICE, type DeviceFacts } from './change/device-facts.js';
import { matches, type DeviceCriteria } from './change/device-filter.js';
import type { EdgeCredential } from './credential/credential-edge.js';
import { createDevicesSubgraph, type DevicesSubgraph } from './devices-subgraph.js';

/** Without an organization of their own: people's role cannot read them at all. */
const CLOSED_TABLES = `'migration', 'audit_outbox', 'sealing_key'`;

const database = testDatabase('devices');
const edge = {
  accepted: [] as EdgeCredential[],
  revoked: [] as string[],
  answer: (): Promise<void> => Promise.resolve(),
};
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
    mqttPublicUrl: 'mqtt://broker.test:1883',
    edge: {
      accept: (credential) => {
        edge.accepted.push(credential);
        return edge.answer();
      },
      revoke: (username) => {
        edge.revoked.push(username);
        return Promise.resolve();
      },
    },
    edgeDeadlineMs: 300,
  });
});
afterAll(() => devices?.stop());
beforeEach(() => {
  edge.accepted.length = edge.revoked.length = 0;
  edge.answer = () => Promise.resolve();
});

/** An organization of its own per test, so that tests see only what is theirs. */
function anOrganization() {
  const organizationId = randomUUID();
  const organizationKey = `org-${organizationId.slice(0, 8)}`;
  const as = (role: Role): Viewer => aViewer({ organizationId, organizationKey, role });
  return { organizationId, organizationKey, as, admin: as('ADMIN') };
}

const ask = <T = Record<string, unknown>>(query: string, viewer: Viewer | null, variables?: Record<string, unknown>) =>
  askSubgraph<T>(devices, query, { viewer, variables });
/** For what must succeed. */
async function give<T>(query: string, viewer: Viewer, variables?: Record<string, unknown>): Promise<T> {
  const { data, errors } = await ask<T>(query, viewer, variables);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}

const METRIC = { metric: 'temperature', name: 'Temperature', unit: 'Cel', normalMin: 20, normalMax: 80, alertMin: 15, alertMax: 85 };
async function aProfile(viewer: Viewer, over: Record<string, unknown> = {}): Promise<string> {
  const input = { key: `profile-${randomUUID()}`, name: 'Temperature sensor', metrics: [METRIC], ...over };
  const query = 'mutation ($input: DeviceProfileInput!) { createDeviceProfile(input: $input) { id } }';
  return (await give<{ createDeviceProfile: { id: string } }>(query, viewer, { input })).createDeviceProfile.id;
}
async function anAsset(viewer: Viewer, name: string, parentId: string | null = null): Promise<string> {
  const query = 'mutation ($input: AssetInput!) { createAsset(input: $input) { id } }';
  return (await give<{ createAsset: { id: string } }>(query, viewer, { input: { name, kind: 'AREA', parentId } })).createAsset.id;
}
async function aPatient(viewer: Viewer, over: Record<string, unknown> = {}): Promise<string> {
  const query = 'mutation ($input: PatientInput!) { createPatient(input: $input) { id } }';
  return (await give<{ createPatient: { id: string } }>(query, viewer, { input: { displayName: 'Grace H.', ...over } })).createPatient.id;
}

interface Registered {
  device: { id: string; key: string };
  credential: { username: string; token: string; mqttUrl: string };
}
const REGISTER = `mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) {
  device { id key name connectivity lastSeenAt lifecycle asset { name } labels { key value } profile { key offlineAfter lateAfter metrics { metric expectedInterval unit } } }
  credential { username token mqttUrl } } }`;
const REGISTER_ALL =
  'mutation ($input: [RegisterDeviceInput!]!) { registerDevices(input: $input) { device { id key } credential { token } } }';
const registration = (profileId: string, over: Record<string, unknown> = {}) => ({
  key: `d-${randomUUID()}`,
  name: 'Oven',
  profileId,
  ...over,
});
async function aDevice(viewer: Viewer, profileId: string, over: Record<string, unknown> = {}): Promise<Registered> {
  return (await give<{ registerDevice: Registered }>(REGISTER, viewer, { input: registration(profileId, over) })).registerDevice;
}
const feedOf = async (organizationId: string): Promise<RegistryChange[]> =>
  (await devices.registrySource.fetch(0)).changes.filter((change) => change.organizationId === organizationId);

describe('registering a device', () => {
  it('returns when the edge has accepted a token that is shown once and kept as a hash', async () => {
    const { admin, organizationId, organizationKey } = anOrganization();
    const profileId = await aProfile(admin, { offlineAfter: 'PT1M30S' });
    const assetId = await anAsset(admin, 'Line 1');
    edge.answer = async () => {
      // What the edge reads at the revision it was given holds the credential, and people do not see the device yet.
      const page = await devices.registrySource.fetch(0);
      expect(page.revision).toBeGreaterThanOrEqual(edge.accepted[0]!.revision);
      expect(page.changes.some(({ kind, organizationId: of }) => kind === 'credential' && of === organizationId)).toBe(true);
      expect((await ask('{ devices { totalCount } }', admin)).data).toEqual({ devices: { totalCount: 0 } });
    };
    const input = registration(profileId, { key: 'oven-1', assetId, labels: [{ key: 'line', value: '1' }] });
    const { registerDevice } = await give<{ registerDevice: Registered }>(REGISTER, admin, { input });

    expect(registerDevice.device).toMatchObject({
      key: 'oven-1',
      connectivity: 'NEVER_SEEN',
      lastSeenAt: null,
      lifecycle: 'ACTIVE',
      asset: { name: 'Line 1' },
      labels: [{ key: 'line', value: '1' }],
      profile: { offlineAfter: 'PT1M30S', lateAfter: 'PT1M', metrics: [{ metric: 'temperature', expectedInterval: 'PT5S', unit: 'Cel' }] },
    });
    const { username, token, mqttUrl } = registerDevice.credential;
    expect({ username, mqttUrl }).toEqual({ username: `${organizationKey}/oven-1`, mqttUrl: 'mqtt://broker.test:1883' });
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(edge.accepted).toMatchObject([{ username, token, organizationId, deviceId: registerDevice.device.id, graceMs: 0 }]);
    const tokenHash = createHash('sha256').update(token).digest('hex');
    expect(await database.rows('select token_hash from credential where organization_id = $1', [organizationId])).toEqual([
      { token_hash: tokenHash },
    ]);
    const feed = await feedOf(organizationId);
    expect(feed.map(({ kind }) => kind).sort()).toEqual([
      'asset',
      'assignment',
      'connectivity',
      'credential',
      'device',
      'organization',
      'profile',
    ]);
    expect(feed.find(({ kind }) => kind === 'organization')?.value).toEqual({ id: organizationId, key: organizationKey });
  });

  it.each([
    ['does not answer', () => new Promise<void>(() => undefined)],
    ['refuses', () => Promise.reject(new Error('no route to broker'))],
  ])('leaves nothing behind when the edge %s', async (_name, answer) => {
    const { admin, organizationId, organizationKey } = anOrganization();
    const profileId = await aProfile(admin);
    edge.answer = answer;
    const input = registration(profileId, { key: 'oven-1', assetId: await anAsset(admin, 'Line 1') });
    expect(await ask(REGISTER, admin, { input })).toMatchObject({ data: null, code: 'EDGE_UNAVAILABLE' });

    expect(await give('{ devices { totalCount } deviceByKey(key: "oven-1") { id } }', admin)).toEqual({
      devices: { totalCount: 0 },
      deviceByKey: null,
    });
    expect((await feedOf(organizationId)).map(({ kind }) => kind).sort()).toEqual(['asset', 'organization', 'profile']);
    expect(edge.revoked).toEqual([`${organizationKey}/oven-1`]);
    for (const table of ['device', 'device_presence', 'assignment', 'credential', 'device_change']) {
      expect(await database.rows(`select from ${table} where organization_id = $1`, [organizationId])).toEqual([]);
    }
    edge.answer = () => Promise.resolve();
    expect((await ask(REGISTER, admin, { input })).errors).toEqual([]);
  });

  it('lets one of two concurrent callers have the key, and nobody ever again', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    const input = registration(profileId, { key: 'oven-1' });
    const answers = await Promise.all([
      ask<{ registerDevice: Registered }>(REGISTER, admin, { input }),
      ask<{ registerDevice: Registered }>(REGISTER, admin, { input }),
    ]);
    const loser = answers.find(({ code }) => code !== undefined)!;
    expect(loser.errors[0]!.extensions).toMatchObject({ code: 'DEVICE_KEY_TAKEN', key: 'oven-1', path: 'input.key' });
    const winner = answers.find(({ code }) => code === undefined)!.data!.registerDevice.device;
    await give('mutation ($id: ID!) { retireDevice(id: $id) { lifecycle } }', admin, { id: winner.id });
    expect((await ask(REGISTER, admin, { input })).code).toBe('DEVICE_KEY_TAKEN');
    // Another organization's keys are its own.
    const other = anOrganization();
    expect((await aDevice(other.admin, await aProfile(other.admin), { key: 'oven-1' })).device.key).toBe('oven-1');
  });

  it('registers all rows or none and names the row at fault', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    await aDevice(admin, profileId, { key: 'taken' });
    const good = ['a', 'b', 'c'].map((key) => registration(profileId, { key }));
    const withFault = (fault: Record<string, unknown>) => ask(REGISTER_ALL, admin, { input: [...good, registration(profileId, fault)] });

    expect((await withFault({ key: 'taken' })).errors[0]!.extensions).toMatchObject({ code: 'DEVICE_KEY_TAKEN', path: 'input[3].key' });
    expect((await withFault({ key: 'b' })).errors[0]!.extensions).toMatchObject({ code: 'DEVICE_KEY_TAKEN', path: 'input[3].key' });
    expect((await withFault({ key: 'no spaces' })).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input[3].key' });
    expect((await withFault({ profileId: randomUUID() })).errors[0]!.extensions).toMatchObject({
      code: 'NOT_FOUND',
      path: 'input[3].profileId',
    });
    expect((await withFault({ assetId: randomUUID() })).errors[0]!.extensions).toMatchObject({
      code: 'NOT_FOUND',
      path: 'input[3].assetId',
    });
    expect(edge.accepted).toHaveLength(1);
    expect(await give('{ devices { totalCount } }', admin)).toEqual({ devices: { totalCount: 1 } });

    let answered = 0;
    edge.answer = () => (++answered === 3 ? Promise.reject(new Error('full')) : Promise.resolve());
    expect((await ask(REGISTER_ALL, admin, { input: good })).code).toBe('EDGE_UNAVAILABLE');
    expect(await give('{ devices { totalCount } }', admin)).toEqual({ devices: { totalCount: 1 } });

    edge.answer = () => Promise.resolve();
    const { registerDevices } = await give<{ registerDevices: Registered[] }>(REGISTER_ALL, admin, { input: good });
    expect(registerDevices.map(({ device }) => device.key)).toEqual(['a', 'b', 'c']);
    expect(new Set(registerDevices.map(({ credential }) => credential.token)).size).toBe(3);
  });
});

describe('a device that is there', () => {
  it('keeps what an update leaves out, and loses what it clears', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    const assetId = await anAsset(admin, 'Line 1');
    const { device } = await aDevice(admin, profileId, { assetId, labels: [{ key: 'line', value: '1' }] });
    const update = (input: Record<string, unknown>) =>
      ask<{ updateDevice: unknown }>(
        'mutation ($id: ID!, $input: UpdateDeviceInput!) { updateDevice(id: $id, input: $input) { name asset { name } labels { value } } }',
        admin,
        { id: device.id, input },
      );
    expect((await update({ name: 'Oven 2' })).data).toEqual({
      updateDevice: { name: 'Oven 2', asset: { name: 'Line 1' }, labels: [{ value: '1' }] },
    });
    expect((await update({ assetId: null, labels: null })).data).toEqual({ updateDevice: { name: 'Oven 2', asset: null, labels: [] } });
    expect((await update({ name: null })).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input.name' });
    expect((await update({ profileId: randomUUID() })).code).toBe('NOT_FOUND');
    const history = await give('query ($id: ID!) { device(id: $id) { assignments { nodes { asset { name } to } } } }', admin, {
      id: device.id,
    });
    expect(history).toEqual({ device: { assignments: { nodes: [{ asset: { name: 'Line 1' }, to: expect.any(String) as string }] } } });
  });

  it('is retired with its credentials and assignments, and keeps its history', async () => {
    const { admin, organizationId } = anOrganization();
    const assetId = await anAsset(admin, 'Line 1');
    const { device, credential } = await aDevice(admin, await aProfile(admin), { assetId });
    const retire = 'mutation ($id: ID!) { retireDevice(id: $id) { lifecycle asset { id } } }';
    expect(await give(retire, admin, { id: device.id })).toEqual({ retireDevice: { lifecycle: 'RETIRED', asset: null } });
    expect(edge.revoked).toEqual([credential.username]);
    const feed = await feedOf(organizationId);
    expect(feed.some(({ kind }) => kind === 'credential')).toBe(false);
    expect(feed.find(({ kind }) => kind === 'assignment')?.value).toMatchObject({ assetId, toMs: expect.any(Number) as number });
    expect(await give('{ devices { totalCount } all: devices(filter: { lifecycle: null }) { totalCount } }', admin)).toEqual({
      devices: { totalCount: 0 },
      all: { totalCount: 1 },
    });
    expect((await ask(retire, admin, { id: device.id })).code).toBe('CONFLICT');
  });

  it('gets a new token while the old one lives out its grace', async () => {
    const { admin, organizationId } = anOrganization();
    const { device, credential } = await aDevice(admin, await aProfile(admin));
    const rotate = (grace?: string) =>
      ask<{ rotateDeviceCredential: { token: string } }>(
        'mutation ($id: ID!, $grace: Duration) { rotateDeviceCredential(id: $id, grace: $grace) { username token } }',
        admin,
        { id: device.id, ...(grace && { grace }) },
      );
    const credentials = async () => {
      const entries = (await feedOf(organizationId)).filter((change) => change.kind === 'credential').map(({ value }) => value!);
      return new Map(entries.map(({ tokenHash, validUntilMs }) => [tokenHash, validUntilMs]));
    };
    const hash = (token: string) => createHash('sha256').update(token).digest('hex');

    edge.answer = () => Promise.reject(new Error('away'));
    expect((await rotate()).code).toBe('EDGE_UNAVAILABLE');
    expect(await credentials()).toEqual(new Map([[hash(credential.token), null]]));

    edge.answer = () => Promise.resolve();
    const beforeMs = Date.now();
    const first = (await rotate('PT10M')).data!.rotateDeviceCredential.token;
    expect(edge.accepted.at(-1)).toMatchObject({ token: first, graceMs: 600_000 });
    const graceEnd = (await credentials()).get(hash(credential.token))!;
    expect(graceEnd - beforeMs).toBeGreaterThanOrEqual(600_000);
    expect((await credentials()).get(hash(first))).toBeNull();

    const second = (await rotate()).data!.rotateDeviceCredential.token;
    const now = await credentials();
    expect(now.get(hash(second))).toBeNull();
    expect(now.get(hash(first))).toBeLessThanOrEqual(Date.now());
    expect(now.get(hash(credential.token))).toBeLessThanOrEqual(Date.now());
    expect((await rotate('P99D')).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'grace' });
  });
});

describe('profiles', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['no metric', { metrics: [] }, 'input.metrics'],
    ['a metric twice', { metrics: [METRIC, METRIC] }, 'input.metrics[1].metric'],
    ['normal limits the wrong way round', { metrics: [{ ...METRIC, normalMin: 81 }] }, 'input.metrics[0].normalMax'],
    ['an alert limit inside the normal range', { metrics: [{ ...METRIC, alertMax: 79 }] }, 'input.metrics[0].alertMax'],
    ['a plausible range inside the alert limits', { metrics: [{ ...METRIC, plausibleMin: 16 }] }, 'input.metrics[0].alertMin'],
    ['words on a number', { metrics: [{ ...METRIC, values: ['on'] }] }, 'input.metrics[0].values'],
    ['a TEXT metric without words', { metrics: [{ metric: 'state', name: 'State', kind: 'TEXT', unit: '1' }] }, 'input.metrics[0].values'],
    ['limits on words', { metrics: [{ ...METRIC, kind: 'TEXT', unit: '1', values: ['on'] }] }, 'input.metrics[0].alertMin'],
    ['a unit that is a word', { metrics: [{ ...METRIC, unit: 'celsius' }] }, 'input.metrics[0].unit'],
    ['no unit', { metrics: [{ ...METRIC, unit: '' }] }, 'input.metrics[0].unit'],
    ['a NUL in a name', { name: 'a\0b' }, 'input.name'],
    ['no time at all before offline', { offlineAfter: 'PT0S' }, 'input.offlineAfter'],
  ])('refuses %s', async (_name, over, path) => {
    const { admin } = anOrganization();
    const input = { key: 'p', name: 'P', metrics: [METRIC], ...over };
    const { errors } = await ask('mutation ($input: DeviceProfileInput!) { createDeviceProfile(input: $input) { id } }', admin, { input });
    expect(errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path });
  });

  it('have unique keys and stay while devices use them', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin, { key: 'temperature' });
    const again = { key: 'temperature', name: 'T', metrics: [METRIC] };
    const create = 'mutation ($input: DeviceProfileInput!) { createDeviceProfile(input: $input) { id } }';
    expect((await ask(create, admin, { input: again })).code).toBe('PROFILE_KEY_TAKEN');
    const remove = 'mutation ($id: ID!) { deleteDeviceProfile(id: $id) }';
    await aDevice(admin, profileId);
    expect((await ask(remove, admin, { id: profileId })).code).toBe('CONFLICT');
    const unused = await aProfile(admin);
    expect(await give(remove, admin, { id: unused })).toEqual({ deleteDeviceProfile: unused });
    expect((await ask(remove, admin, { id: unused })).code).toBe('NOT_FOUND');
  });
});

describe('assets', () => {
  const MOVE = 'mutation ($id: ID!, $input: AssetInput!) { updateAsset(id: $id, input: $input) { parent { id } } }';
  const move = (viewer: Viewer, id: string, parentId: string | null) =>
    ask(MOVE, viewer, { id, input: { name: 'A', kind: 'AREA', parentId } });

  it('never stand below themselves, not even when two moves meet', async () => {
    const { admin } = anOrganization();
    const [a, b] = [await anAsset(admin, 'A'), await anAsset(admin, 'B')];
    const answers = await Promise.all([move(admin, a, b), move(admin, b, a)]);
    expect(answers.map(({ code }) => code).sort()).toEqual(['BAD_USER_INPUT', undefined]);
    expect((await move(admin, a, a)).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input.parentId' });
  });

  it('are deleted only when nothing is left at them; history keeps them', async () => {
    const { admin } = anOrganization();
    const site = await anAsset(admin, 'Site');
    const child = await anAsset(admin, 'Line', site);
    const remove = (id: string) => ask('mutation ($id: ID!) { deleteAsset(id: $id) }', admin, { id });
    const { device } = await aDevice(admin, await aProfile(admin), { assetId: child });
    expect((await remove(site)).errors[0]!.extensions).toMatchObject({ code: 'CONFLICT', children: 1 });
    expect((await remove(child)).errors[0]!.extensions).toMatchObject({ code: 'CONFLICT', devices: 1 });
    await give('mutation ($id: ID!) { retireDevice(id: $id) { id } }', admin, { id: device.id });
    const patientId = await aPatient(admin, { bedId: child });
    expect((await remove(child)).errors[0]!.extensions).toMatchObject({ code: 'CONFLICT', patients: 1 });
    await give('mutation ($id: ID!) { dischargePatient(id: $id) { id } }', admin, { id: patientId });
    expect((await remove(child)).data).toEqual({ deleteAsset: child });
    expect((await remove(child)).code).toBe('NOT_FOUND');
    expect(await give('query ($id: ID!) { asset(id: $id) { children { totalCount nodes { id } } } }', admin, { id: site })).toEqual({
      asset: { children: { totalCount: 0, nodes: [] } },
    });
  });

  it('are counted with everything below them', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    const site = await anAsset(admin, 'Site');
    const line = await anAsset(admin, 'Line', site);
    await aDevice(admin, profileId, { assetId: line });
    await aDevice(admin, profileId, { assetId: site });
    await aDevice(admin, profileId);
    const fleet = await give(
      `query ($site: ID!, $line: ID!) { fleetStatus { total neverSeen online offline } site: fleetStatus(assetId: $site) { total } line: fleetStatus(assetId: $line) { total }
        asset(id: $site) { devices { totalCount nodes { asset { name } } } children { nodes { name devices { totalCount } } } } assets { nodes { name parent { id } } } }`,
      admin,
      { site, line },
    );
    expect(fleet).toEqual({
      fleetStatus: { total: 3, neverSeen: 3, online: 0, offline: 0 },
      site: { total: 2 },
      line: { total: 1 },
      asset: {
        devices: { totalCount: 1, nodes: [{ asset: { name: 'Site' } }] },
        children: { nodes: [{ name: 'Line', devices: { totalCount: 1 } }] },
      },
      assets: { nodes: [{ name: 'Site', parent: null }] },
    });
  });
});

describe('patients', () => {
  const DISCHARGE = 'mutation ($id: ID!, $at: DateTime) { dischargePatient(id: $id, at: $at) { dischargedAt devices { totalCount } } }';
  const ASSIGN =
    'mutation ($deviceId: ID!, $to: AssignmentTarget!) { assignDevice(deviceId: $deviceId, to: $to) { id to patient { displayName } } }';

  it('end their assignments when they are discharged, once', async () => {
    const { admin } = anOrganization();
    const patientId = await aPatient(admin, { recordNumber: 'R-17', birthDate: '1957-03-31', spo2Scale: 2 });
    const { device } = await aDevice(admin, await aProfile(admin));
    await give(ASSIGN, admin, { deviceId: device.id, to: { patientId } });
    const now =
      'query ($id: ID!) { patient(id: $id) { displayName recordNumber birthDate spo2Scale devices { nodes { id patient { id } } } } }';
    expect(await give(now, admin, { id: patientId })).toEqual({
      patient: {
        displayName: 'Grace H.',
        recordNumber: 'R-17',
        birthDate: '1957-03-31',
        spo2Scale: 2,
        devices: { nodes: [{ id: device.id, patient: { id: patientId } }] },
      },
    });
    const early = { id: patientId, at: '2020-01-01T00:00:00Z' };
    expect((await ask(DISCHARGE, admin, early)).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'at' });
    const { dischargePatient } = await give<{ dischargePatient: { dischargedAt: string } }>(DISCHARGE, admin, { id: patientId });
    expect(dischargePatient).toMatchObject({ devices: { totalCount: 0 } });
    expect((await ask(DISCHARGE, admin, { id: patientId })).code).toBe('CONFLICT');
    expect((await ask(ASSIGN, admin, { deviceId: device.id, to: { patientId } })).code).toBe('CONFLICT');
    const history = await give(
      'query ($id: ID!) { device(id: $id) { patient { id } assignments { nodes { to patient { id } } } } }',
      admin,
      { id: device.id },
    );
    expect(history).toEqual({
      device: { patient: null, assignments: { nodes: [{ to: dischargePatient.dischargedAt, patient: { id: patientId } }] } },
    });
  });

  it('are invisible without the right to them, also from a device', async () => {
    const { admin, as, organizationId } = anOrganization();
    const patientId = await aPatient(admin);
    const { device } = await aDevice(admin, await aProfile(admin));
    await give(ASSIGN, as('CLINICIAN'), { deviceId: device.id, to: { patientId } });
    const query = 'query ($id: ID!) { device(id: $id) { patient { displayName } assignments { nodes { patient { displayName } } } } }';
    const seen = (name: string | null) => {
      const patient = name && { displayName: name };
      return { device: { patient, assignments: { nodes: [{ patient }] } } };
    };
    expect(await give(query, as('CLINICIAN'), { id: device.id })).toEqual(seen('Grace H.'));
    expect(await give(query, as('ENGINEER'), { id: device.id })).toEqual(seen(null));
    const entity = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { displayName } } }`;
    const representations = { r: [{ __typename: 'Patient', id: patientId }] };
    expect(await give(entity, as('CLINICIAN'), representations)).toEqual({ _entities: [{ displayName: 'Grace H.' }] });
    expect(await give(entity, as('VIEWER'), representations)).toEqual({ _entities: [null] });
    expect((await ask(`{ devices(filter: { patientId: "${patientId}" }) { totalCount } }`, as('OPERATOR'))).code).toBe('FORBIDDEN');
    expect(JSON.stringify(await feedOf(organizationId))).not.toContain('Grace');
    expect(
      JSON.stringify(await database.rows('select before, after from device_change where organization_id = $1', [organizationId])),
    ).not.toContain('Grace');
  });

  it('are found by a part of the name or record number, last admitted first', async () => {
    const { admin } = anOrganization();
    await aPatient(admin, { displayName: 'Ada L.', recordNumber: 'R_1' });
    await aPatient(admin, { displayName: 'Grace H.', recordNumber: 'R21' });
    const find = (search: string) =>
      give<{ patients: { nodes: { displayName: string }[] } }>(
        'query ($search: String) { patients(search: $search) { totalCount nodes { displayName } } }',
        admin,
        { search },
      );
    expect(await find('')).toEqual({ patients: { totalCount: 2, nodes: [{ displayName: 'Grace H.' }, { displayName: 'Ada L.' }] } });
    expect(await find('gRACE')).toMatchObject({ patients: { totalCount: 1 } });
    expect(await find('r_')).toMatchObject({ patients: { nodes: [{ displayName: 'Ada L.' }] } });
  });
});

describe('who may', () => {
  const id = randomUUID();
  const profile = `{ key: "p", name: "P", metrics: [{ metric: "t", name: "T", unit: "Cel" }] }`;
  const either = 'devices:write or patients:write';
  const OPERATIONS: [string, string, Permission | typeof either][] = [
    ['device', `{ device(id: "${id}") { id } }`, 'graph:read'],
    ['deviceByKey', `{ deviceByKey(key: "k") { id } }`, 'graph:read'],
    ['devices', `{ devices { totalCount } }`, 'graph:read'],
    ['fleetStatus', `{ fleetStatus { total } }`, 'graph:read'],
    ['deviceProfiles', `{ deviceProfiles { totalCount } }`, 'graph:read'],
    ['deviceProfile', `{ deviceProfile(id: "${id}") { id } }`, 'graph:read'],
    ['asset', `{ asset(id: "${id}") { id } }`, 'graph:read'],
    ['assets', `{ assets { totalCount } }`, 'graph:read'],
    ['patient', `{ patient(id: "${id}") { id } }`, 'patients:read'],
    ['patients', `{ patients { totalCount } }`, 'patients:read'],
    ['createDeviceProfile', `mutation { createDeviceProfile(input: ${profile}) { id } }`, 'devices:write'],
    ['updateDeviceProfile', `mutation { updateDeviceProfile(id: "${id}", input: ${profile}) { id } }`, 'devices:write'],
    ['deleteDeviceProfile', `mutation { deleteDeviceProfile(id: "${id}") }`, 'devices:write'],
    [
      'registerDevice',
      `mutation { registerDevice(input: { key: "k", name: "K", profileId: "${id}" }) { device { id } } }`,
      'devices:write',
    ],
    ['registerDevices', `mutation { registerDevices(input: []) { device { id } } }`, 'devices:write'],
    ['updateDevice', `mutation { updateDevice(id: "${id}", input: { name: "K" }) { id } }`, 'devices:write'],
    ['retireDevice', `mutation { retireDevice(id: "${id}") { id } }`, 'devices:write'],
    ['rotateDeviceCredential', `mutation { rotateDeviceCredential(id: "${id}") { token } }`, 'devices:write'],
    ['createAsset', `mutation { createAsset(input: { name: "A", kind: SITE }) { id } }`, 'devices:write'],
    ['updateAsset', `mutation { updateAsset(id: "${id}", input: { name: "A", kind: SITE }) { id } }`, 'devices:write'],
    ['deleteAsset', `mutation { deleteAsset(id: "${id}") }`, 'devices:write'],
    ['createPatient', `mutation { createPatient(input: { displayName: "P" }) { id } }`, 'patients:write'],
    ['updatePatient', `mutation { updatePatient(id: "${id}", input: { displayName: "P" }) { id } }`, 'patients:write'],
    ['dischargePatient', `mutation { dischargePatient(id: "${id}") { id } }`, 'patients:write'],
    ['assignDevice to an asset', `mutation { assignDevice(deviceId: "${id}", to: { assetId: "${id}" }) { id } }`, 'devices:write'],
    ['assignDevice to a patient', `mutation { assignDevice(deviceId: "${id}", to: { patientId: "${id}" }) { id } }`, 'patients:write'],
    ['endAssignment', `mutation { endAssignment(id: "${id}") { id } }`, either],
    ['emergencyAccesses', `{ emergencyAccesses { id } }`, 'users:manage'],
    ['erasePatient', `mutation { erasePatient(id: "${id}") }`, 'users:manage'],
  ];
  // What these answer depends on who opened what for whom: emergency-access.int.spec.ts walks it for every role.
  const BY_ACCESS = ['emergencyPatient', 'openEmergencyAccess'];

  it.each(OPERATIONS)('%s', async (_name, query, permission) => {
    expect(await ask(query, null)).toMatchObject({ code: 'UNAUTHENTICATED' });
    for (const role of ROLES) {
      const allowed = permission === either ? may(role, 'devices:write') || may(role, 'patients:write') : may(role, permission);
      const { code } = await ask(query, anOrganization().as(role));
      if (allowed) expect([undefined, 'NOT_FOUND']).toContain(code);
      else expect({ role, code }).toEqual({ role, code: 'FORBIDDEN' });
    }
  });

  it('covers every query and mutation of the schema', () => {
    const fields = [devices.schema.getQueryType()!, devices.schema.getMutationType()!].flatMap((type) => Object.keys(type.getFields()));
    const covered = new Set([...OPERATIONS.map(([name]) => name.split(' ')[0]), ...BY_ACCESS]);
    expect(fields.filter((field) => !covered.has(field) && !field.startsWith('_'))).toEqual([]);
  });

  it('meets the ids of another organization in the words of ids that do not exist', async () => {
    const { admin } = anOrganization();
    const stranger = anOrganization().admin;
    const profileId = await aProfile(admin);
    const assetId = await anAsset(admin, 'Line');
    const patientId = await aPatient(admin);
    const { device } = await aDevice(admin, profileId, { assetId });
    const [assignment] = await database.rows<{ id: string }>('select id from assignment where device_id = $1', [device.id]);
    const theirs: Record<string, string> = {
      device: device.id,
      profile: profileId,
      asset: assetId,
      patient: patientId,
      assignment: assignment!.id,
    };
    const questions: ((ids: Record<string, string>) => string)[] = [
      (ids) => `{ device(id: "${ids.device}") { id } }`,
      (ids) => `{ deviceProfile(id: "${ids.profile}") { id } }`,
      (ids) => `{ asset(id: "${ids.asset}") { id } }`,
      (ids) => `{ patient(id: "${ids.patient}") { id } }`,
      (ids) => `{ assets(parentId: "${ids.asset}") { totalCount } }`,
      (ids) => `{ fleetStatus(assetId: "${ids.asset}") { total } }`,
      (ids) => `{ devices(filter: { profileId: "${ids.profile}" }) { totalCount } }`,
      (ids) => `mutation { updateDeviceProfile(id: "${ids.profile}", input: ${profile}) { id } }`,
      (ids) => `mutation { deleteDeviceProfile(id: "${ids.profile}") }`,
      (ids) => `mutation { registerDevice(input: { key: "k", name: "K", profileId: "${ids.profile}" }) { device { id } } }`,
      (ids) => `mutation { updateDevice(id: "${ids.device}", input: { name: "K" }) { id } }`,
      (ids) => `mutation { retireDevice(id: "${ids.device}") { id } }`,
      (ids) => `mutation { rotateDeviceCredential(id: "${ids.device}") { token } }`,
      (ids) => `mutation { createAsset(input: { name: "A", kind: SITE, parentId: "${ids.asset}" }) { id } }`,
      (ids) => `mutation { updateAsset(id: "${ids.asset}", input: { name: "A", kind: SITE }) { id } }`,
      (ids) => `mutation { deleteAsset(id: "${ids.asset}") }`,
      (ids) => `mutation { createPatient(input: { displayName: "P", bedId: "${ids.asset}" }) { id } }`,
      (ids) => `mutation { updatePatient(id: "${ids.patient}", input: { displayName: "P" }) { id } }`,
      (ids) => `mutation { dischargePatient(id: "${ids.patient}") { id } }`,
      (ids) => `mutation { assignDevice(deviceId: "${ids.device}", to: { assetId: "${ids.asset}" }) { id } }`,
      (ids) => `mutation { endAssignment(id: "${ids.assignment}") { id } }`,
    ];
    const nobodys = Object.fromEntries(Object.keys(theirs).map((name) => [name, randomUUID()]));
    for (const question of questions) {
      const [real, invented] = [await ask(question(theirs), stranger), await ask(question(nobodys), stranger)];
      expect({ question: question(theirs), code: real.code }).toEqual({ question: question(theirs), code: 'NOT_FOUND' });
      expect(real.errors[0]!.message).toBe(invented.errors[0]!.message);
    }
    const entities = Object.entries({ Device: device.id, DeviceProfile: profileId, Asset: assetId, Patient: patientId });
    const r = entities.map(([__typename, entityId]) => ({ __typename, id: entityId }));
    const names = entities.map(([type]) => `... on ${type} { id }`).join(' ');
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ${names} } }`;
    expect(await give(query, stranger, { r })).toEqual({ _entities: [null, null, null, null] });
    // The gateway may ask for one entity several times.
    const twice = [...r, ...r];
    expect(await give(query, admin, { r: twice })).toEqual({ _entities: twice.map((entity) => ({ id: entity.id })) });
    expect(
      await give('{ devices { totalCount } assets { totalCount } patients { totalCount } deviceProfiles { totalCount } }', stranger),
    ).toEqual({
      devices: { totalCount: 0 },
      assets: { totalCount: 0 },
      patients: { totalCount: 0 },
      deviceProfiles: { totalCount: 0 },
    });
    expect(
      await database.rows(
        `select count(*)::int as count from pg_class where relnamespace = 'devices'::regnamespace and relkind = 'r' and not relforcerowsecurity and relname not in (${CLOSED_TABLES})`,
      ),
    ).toEqual([{ count: 0 }]);
  });
});

describe('the database roles', () => {
  it('keep people inside their organization whatever SQL asks, and the service role on its tables', async () => {
    const [mine, theirs] = [anOrganization(), anOrganization()];
    for (const { admin, as } of [mine, theirs]) {
      const { device } = await aDevice(admin, await aProfile(admin), { assetId: await anAsset(admin, 'Line') });
      const to = { patientId: await aPatient(admin) };
      await give('mutation ($d: ID!, $to: AssignmentTarget!) { assignDevice(deviceId: $d, to: $to) { id } }', admin, { d: device.id, to });
      const input = { patientId: to.patientId, reason: 'Found without consciousness in room 4' };
      await give('mutation ($input: EmergencyAccessInput!) { openEmergencyAccess(input: $input) { id } }', as('OPERATOR'), { input });
    }
    const tables = await database.rows<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'devices'::regnamespace and relkind = 'r' and relname not in (${CLOSED_TABLES})`,
    );
    const pool = new Pool({ connectionString: roleUrl(database.url, 'devices', 'api'), max: 1 });
    const service = new Pool({ connectionString: roleUrl(database.url, 'devices', 'service'), max: 1 });
    try {
      for (const { name } of tables) {
        expect({ name, rows: (await pool.query(`select from ${name}`)).rowCount }).toEqual({ name, rows: 0 });
        const seen = await inOrganizationPool(pool, mine.organizationId, (client) =>
          client.query<{ organization_id: string }>(`select organization_id from ${name}`),
        );
        expect({ name, all: [...new Set(seen.rows.map((row) => row.organization_id))] }).toEqual({ name, all: [mine.organizationId] });
      }
      const steal = `update device set organization_id = '${theirs.organizationId}'`;
      await expect(inOrganizationPool(pool, mine.organizationId, (client) => client.query(steal))).rejects.toThrow(/row-level security/);
      await expect(service.query('select bed_id from patient')).rejects.toThrow(/permission denied/);
    } finally {
      await Promise.all([pool.end(), service.end()]);
    }
  });
});

describe('over HTTP', () => {
  it('serves the registry feed to the other processes alone, and says that it is ready', async () => {
    const served = await serveSubgraph(devices, { version: 'test', internalToken: TEST_INTERNAL_TOKEN, log: silentLog });
    const url = `http://localhost:${await served.listen(0)}`;
    try {
      const { admin } = anOrganization();
      await aProfile(admin);
      const feed = (since: string, token = TEST_INTERNAL_TOKEN) =>
        fetch(`${url}/internal/registry?since=${since}`, { headers: { authorization: `Bearer ${token}` } });
      expect((await feed('0', 'guessed')).status).toBe(401);
      expect((await feed('-1')).status).toBe(400);
      const page = (await (await feed('0')).json()) as RegistryFeedPage;
      expect(page).toEqual(await devices.registrySource.fetch(0));
      expect(await (await feed(String(page.revision))).json()).toEqual({ revision: page.revision, snapshot: false, changes: [] });
      const ready = await fetch(`${url}/health/ready`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({ status: 'ready', dependencies: { postgres: { status: 'up' } } });
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [VIEWER_HEADER]: signedViewer(admin) },
        body: JSON.stringify({ query: '{ deviceProfiles { totalCount } }' }),
      });
      expect(await answer.json()).toEqual({ data: { deviceProfiles: { totalCount: 1 } } });
    } finally {
      await served.close();
    }
  });
});

describe('lists of devices', () => {
  interface Page {
    devices: { edges: { cursor: string; node: { key: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  }
  const PAGE = `query ($after: String, $orderBy: DeviceOrder, $first: Int) { devices(first: $first, after: $after, orderBy: $orderBy) {
    edges { cursor node { key } } pageInfo { hasNextPage endCursor } } }`;

  it.each(['NAME', 'KEY', 'LAST_SEEN', 'CREATED'])('page by %s both ways, steady while devices are added', async (field) => {
    const { admin, organizationId } = anOrganization();
    const profileId = await aProfile(admin);
    // Names repeat, so that only the id decides between some.
    for (let n = 0; n < 7; n++) await aDevice(admin, profileId, { key: `d${n}`, name: `Oven ${n % 3}` });
    await database.rows(
      `update device_presence set last_seen_at = now() - (random() * interval '1 hour') where organization_id = $1 and random() < 0.6`,
      [organizationId],
    );
    for (const direction of ['ASC', 'DESC']) {
      const read = async (disturb: boolean) => {
        const keys: string[] = [];
        for (let after: string | null = null, more = true; more;) {
          const { devices: page }: Page = await give<Page>(PAGE, admin, { first: 3, after, orderBy: { field, direction } });
          keys.push(...page.edges.map(({ node }) => node.key));
          if (disturb) await aDevice(admin, profileId, { name: `Oven ${keys.length % 4}` });
          ({ hasNextPage: more, endCursor: after } = page.pageInfo);
        }
        return keys;
      };
      const whole = (await give<Page>(PAGE, admin, { first: 1000, orderBy: { field, direction } })).devices.edges.map(
        ({ node }) => node.key,
      );
      expect(await read(false)).toEqual(whole);
      const disturbed = await read(true);
      expect(new Set(disturbed).size).toBe(disturbed.length);
      expect(disturbed.filter((key) => whole.includes(key))).toEqual(whole);
    }
  });

  it('refuse pages that cannot be', async () => {
    const { admin } = anOrganization();
    const page = (args: string) => ask(`{ devices(${args}) { totalCount } }`, admin);
    for (const first of [0, -1, 1001])
      expect((await page(`first: ${first}`)).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'first' });
    const forged = [
      ['NAME ASC', 'a\0', randomUUID()],
      ['NAME ASC', 'a', 'x'],
      ['KEY ASC', 'a', randomUUID()],
      ['NAME ASC', 5, randomUUID()],
      [],
    ];
    for (const keyset of forged) {
      const after = Buffer.from(JSON.stringify(keyset)).toString('base64url');
      expect((await page(`after: "${after}"`)).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'after' });
    }
    expect((await page('filter: { search: "\\u0000" }')).errors[0]!.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: 'filter.search',
    });
    expect((await page('filter: { ids: ["nonsense"] }')).data).toEqual({ devices: { totalCount: 0 } });
  });

  it('filter in SQL exactly as deviceChanged filters in memory', async () => {
    const { admin, organizationId } = anOrganization();
    const profiles = [await aProfile(admin), await aProfile(admin)];
    const site = await anAsset(admin, 'Site');
    const assets = [site, await anAsset(admin, 'Line', site), await anAsset(admin, 'Other')];
    const patients = [await aPatient(admin)];
    for (let n = 0; n < 12; n++) {
      const labels = [...(n % 2 ? [{ key: 'line', value: String(n % 3) }] : []), ...(n % 3 ? [{ key: 'zone', value: 'ä_%' }] : [])];
      const over = { key: `d-${n}`, name: n % 2 ? `Öfen_${n}` : `Pump 100% ${n}`, labels, ...(n % 4 && { assetId: assets[n % 3] }) };
      const { device } = await aDevice(admin, profiles[n % 2]!, over);
      if (n % 5 === 0)
        await give('mutation ($d: ID!, $p: ID!) { assignDevice(deviceId: $d, to: { patientId: $p }) { id } }', admin, {
          d: device.id,
          p: patients[0],
        });
      if (n % 6 === 5) await give('mutation ($id: ID!) { retireDevice(id: $id) { id } }', admin, { id: device.id });
    }
    await database.rows(
      `update device_presence set connectivity = (array['ONLINE','OFFLINE'])[1 + (random() > 0.5)::int] where organization_id = $1`,
      [organizationId],
    );
    const known = await database.rows<{ id: string; facts: DeviceFacts }>(
      `select d.id, ${FACTS_OF_DEVICE} as facts from device d join device_presence p on p.device_id = d.id where d.organization_id = $1`,
      [organizationId],
    );
    const someOf = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { freq: 2 });
    const criteria = fc.record({
      ids: fc.option(fc.subarray(known.map((row) => row.id)), { freq: 4 }),
      search: someOf(['100%', '_1', 'öFEN', 'd-1', '%', 'nothing']),
      profileId: someOf(profiles),
      assetId: someOf(assets),
      patientId: someOf(patients),
      connectivity: someOf(['ONLINE', 'OFFLINE', 'NEVER_SEEN'] as const),
      labels: fc.option(
        fc.subarray([
          { key: 'line', value: '1' },
          { key: 'zone', value: 'ä_%' },
        ]),
        { freq: 2 },
      ),
      lifecycle: someOf(['ACTIVE', 'RETIRED'] as const),
    });
    await fc.assert(
      fc.asyncProperty(criteria, async (filter: DeviceCriteria) => {
        const query = 'query ($filter: DeviceFilter) { devices(first: 1000, filter: $filter) { totalCount nodes { id } } }';
        const { devices: found } = await give<{ devices: { totalCount: number; nodes: { id: string }[] } }>(query, admin, { filter });
        const expected = known.filter((row) => matches(filter, row.id, row.facts)).map((row) => row.id);
        expect(found.nodes.map((node) => node.id).sort()).toEqual(expected.sort());
        expect(found.totalCount).toBe(expected.length);
      }),
      { numRuns: 120, seed: 7 },
    );
  });
});
