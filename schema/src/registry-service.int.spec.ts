import { testDatabase } from '@pulsegraph/testkit';
import { createArtifactVerifier } from '@pulsegraph/kit/artifact';
import { SMALL_GRAPH } from './testing/small-graph.js';
import { INTERNAL_TOKEN, startTestRegistry, type TestRegistry } from './testing/test-registry.js';
import { usageReport } from './testing/usage.js';

const db = testDatabase('registry');
let r: TestRegistry;
beforeAll(async () => {
  r = await startTestRegistry(db.url);
  await r.publishSmallGraph();
});
afterAll(() => r?.stop());

// Back to the four first versions: composing them anew for each test would take most of the time.
beforeEach(async () => {
  await db.rows(`
    truncate webhook_delivery, webhook, check_run, owner, approval, gateway, client_document, client_release, usage_hour, operation, publish_key, contract, contract_version;
    delete from graph_version where version > 4;
    delete from subgraph_version where version > 1 or subgraph = 'weather'`);
});

const proposal = (sdl: string, over: object = {}) => ({ sdl, author: 'Ada', commit: 'c0ffee', ...over });
const publishing = (sdl: string, base: number, over: object = {}) => proposal(sdl, { base, message: 'a change', ...over });
const withNewField = SMALL_GRAPH.devices.replace('place: String', 'place: String\n  "In kg."\n  weightKg: Float');

describe('publishing', () => {
  it('makes a version bound to author and commit, with a changelog in words', async () => {
    expect(await r.publish('devices', withNewField, { author: 'Grace', commit: 'abc123', message: 'weights' })).toMatchObject({
      subgraph: 'devices',
      version: 2,
      graphVersion: 5,
      changelog: ["Field 'weightKg' was added to object type 'Device'."],
    });
    const { versions } = await r.admin.history(1);
    expect(versions).toMatchObject([
      { version: 5, author: 'Grace', commit: 'abc123', reason: 'weights', subgraphs: { devices: 2, telemetry: 1 } },
    ]);
    expect(await r.admin.current('devices')).toMatchObject({ version: 2, sdl: withNewField, author: 'Grace', commit: 'abc123' });
  });

  it('makes no version of what is published already', async () => {
    expect(await r.publish('devices', SMALL_GRAPH.devices)).toMatchObject({ version: 1, graphVersion: 4, unchanged: true });
  });

  it('lets nobody change a version, not even the registry’s own database role', async () => {
    const [{ rights } = { rights: '' }] = await db.rows<{ rights: string }>(
      `select string_agg(privilege_type || ' ' || table_name, ', ' order by table_name, privilege_type) as rights
       from information_schema.role_table_grants where grantee = 'registry_api' and table_name in ('subgraph_version', 'graph_version')`,
    );
    expect(rights).toBe('INSERT graph_version, SELECT graph_version, INSERT subgraph_version, SELECT subgraph_version');
  });

  it('refuses a stale base and says whose version came first', async () => {
    await r.publish('devices', withNewField, { author: 'Grace' });
    await expect(r.admin.publish('devices', publishing(SMALL_GRAPH.devices, 1))).rejects.toMatchObject({
      code: 'STALE_BASE',
      message: '"devices" is at version 2, published by Grace; this was built on 1. Check against 2 and publish again.',
      details: { current: 2 },
    });
  });

  it('lets one of two publishers at once win, and tells the other', async () => {
    const results = await Promise.allSettled([
      r.admin.publish('devices', publishing(withNewField, 1, { author: 'Ada' })),
      r.admin.publish(
        'devices',
        publishing(SMALL_GRAPH.devices.replace('place: String', 'place: String\n  "Years."\n  age: Int'), 1, { author: 'Grace' }),
      ),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'STALE_BASE' } });
    expect(await db.rows('select version from subgraph_version where subgraph = $1', ['devices'])).toHaveLength(2);
  });

  it('shows SDL that cannot be read with file, line and a hint', async () => {
    await expect(r.publish('devices', SMALL_GRAPH.devices.replace('name: String!', 'name String!'))).rejects.toMatchObject({
      code: 'COMPOSITION_FAILED',
      details: { faults: [{ code: 'INVALID_SDL', file: 'devices.graphql', line: 5, hint: 'Correct the syntax at this place.' }] },
    });
  });

  it('shows what does not compose at its place in the publisher’s own file', async () => {
    const clash = SMALL_GRAPH.users.replace('name: String!', 'name: String!\n}\n"Ours too."\ntype Reading {\n  value: Int!');
    await expect(r.publish('users', clash)).rejects.toMatchObject({
      code: 'COMPOSITION_FAILED',
      details: {
        faults: expect.arrayContaining([
          expect.objectContaining({ code: 'FIELD_TYPE_MISMATCH', file: 'users.graphql', line: 9 }),
        ]) as unknown,
      },
    });
    expect(await r.admin.current('users')).toMatchObject({ version: 1 });
  });

  it('takes a misspelled subgraph for a mistake, and a new one with its address for a new one', async () => {
    await expect(r.admin.publish('devises', publishing(SMALL_GRAPH.devices, 0))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        'No subgraph "devises" is published; there are alerts, devices, telemetry, users. For a new one, say where it is served: --url.',
    });
    const sdl = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")\ntype Query { "Now." weather: String }';
    expect(await r.publish('weather', sdl)).toMatchObject({
      version: 1,
      changelog: expect.arrayContaining(['Subgraph "weather" was added.']) as unknown,
    });
  });

  it.each([
    ['an empty schema', { sdl: '' }, 'body.sdl: must not be empty'],
    ['no author', { author: '' }, 'body.author'],
    ['a base that is no number', { base: 'one' }, 'body.base'],
    ['an address that is none', { url: 'nowhere' }, 'body.url'],
  ])('refuses %s by its path', async (_what, over, message) => {
    await expect(r.admin.publish('devices', publishing(SMALL_GRAPH.devices, 1, over))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message) as unknown,
    });
  });
});

describe('keys', () => {
  it('publish only the subgraphs that they are for', async () => {
    const team = await r.as({ name: 'team-devices', rights: ['publish'], subgraphs: ['devices'] });
    expect(await team.publish('devices', publishing(withNewField, 1))).toMatchObject({ version: 2 });
    await expect(team.publish('users', publishing(SMALL_GRAPH.users, 1))).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'The key "team-devices" may publish devices, not "users".',
    });
  });

  it('without the right to publish may still check', async () => {
    const reader = await r.as({ name: 'reader', rights: [] });
    expect(await reader.check('devices', proposal(withNewField))).toMatchObject({ verdict: 'passed' });
    await expect(reader.publish('devices', publishing(withNewField, 1))).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'The key "reader" has no right to publish; it may only read and check.',
    });
    await expect(reader.rollback({ to: 1, reason: 'no', author: 'Eve' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(reader.addKey({ name: 'x', team: 'x', rights: ['admin'] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('that are unknown, revoked or missing open nothing', async () => {
    const { id, secret } = await r.admin.addKey({ name: 'lost', team: 'lost', rights: ['publish'], subgraphs: ['*'] });
    expect(await db.rows('select from publish_key where hash = $1', [secret])).toEqual([]);
    await r.admin.ask('DELETE', `keys/${id}`);
    for (const key of [secret, 'pgr_made-up', undefined])
      await expect(r.client(key).history(1)).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('rollback', () => {
  it('serves the graph of before as a new version, and the next publish builds on it', async () => {
    await r.publish('devices', withNewField);
    expect(await r.admin.rollback({ reason: 'weights are wrong', author: 'Ada' })).toEqual({ graphVersion: 6, to: 4 });
    expect(await r.admin.current('devices')).toMatchObject({ version: 1, sdl: SMALL_GRAPH.devices });
    const { versions } = await r.admin.history(1);
    expect(versions).toMatchObject([{ kind: 'rollback', changelog: ['Went back to version 4: weights are wrong'] }]);
    expect(await r.admin.publish('devices', publishing(withNewField, 1))).toMatchObject({ version: 3, graphVersion: 7 });
  });

  it('refuses a version that there is not, and the one that is served', async () => {
    await expect(r.admin.rollback({ to: 99, reason: 'x', author: 'Ada' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(r.admin.rollback({ to: 4, reason: 'x', author: 'Ada' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('approval', () => {
  const withoutPlace = SMALL_GRAPH.devices.replace('  "Where it stands."\n  place: String\n', '');
  const places = { client: 'dashboard', name: 'Places', document: 'query Places { devices { id place } }', count: 120 };
  beforeEach(async () => {
    await r.report(usageReport([places]));
  });
  const breaking = async () => {
    const { changes, verdict } = await r.admin.check('devices', proposal(withoutPlace));
    expect(verdict).toBe('failed');
    return changes.find(({ path }) => path === 'Device.place')!;
  };

  it('lets through the change that it names, once, and shows who and why', async () => {
    await expect(r.admin.publish('devices', publishing(withoutPlace, 1))).rejects.toMatchObject({
      code: 'BREAKING_CHANGE',
      message: '1 change would break dashboard 1.0.',
    });
    const { id } = await breaking();
    await r.admin.approve({ changeId: id, reason: 'the dashboard moves to rooms', author: 'Ada' });
    expect((await r.admin.check('devices', proposal(withoutPlace))).changes).toMatchObject([
      { verdict: 'approved', approval: { by: 'Ada (admin)', reason: 'the dashboard moves to rooms' } },
    ]);
    await r.admin.publish('devices', publishing(withoutPlace, 1));
    await r.publish('devices', SMALL_GRAPH.devices);
    expect((await r.admin.check('devices', proposal(withoutPlace))).verdict).toBe('failed');
  });

  it('does not cover another change', async () => {
    const { id } = await breaking();
    await r.admin.approve({ changeId: id, reason: 'moves', author: 'Ada' });
    await r.report(
      usageReport([{ client: 'dashboard', name: 'Serials', document: 'query Serials { devices { serialNumber } }', count: 3 }]),
    );
    const more = withoutPlace.replace('  serialNumber: String @tag(name: "internal")\n', '').replace('  "As printed on the plate."\n', '');
    const { verdict, changes } = await r.admin.check('devices', proposal(more));
    expect(verdict).toBe('failed');
    expect(changes.map((change) => [change.path, change.verdict]).sort()).toEqual([
      ['Device.place', 'approved'],
      ['Device.serialNumber', 'breaks'],
    ]);
  });

  it('expires', async () => {
    const { id } = await breaking();
    await r.admin.approve({ changeId: id, reason: 'moves', author: 'Ada', days: 1 });
    await db.rows(`update approval set expires_at = now() - interval '1 second'`);
    expect((await r.admin.check('devices', proposal(withoutPlace))).verdict).toBe('failed');
  });

  it('is the owner’s to give', async () => {
    await r.admin.setOwners({ Device: 'team-devices', 'Device.place': 'team-places' });
    const { id, owner } = await breaking();
    expect(owner).toBe('team-places');
    const stranger = await r.as({ name: 'stranger', team: 'team-devices', rights: ['approve'] });
    await expect(stranger.approve({ changeId: id, reason: 'please', author: 'Eve' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'Device.place is owned by team-places: somebody of that team must approve this.',
    });
    const owning = await r.as({ name: 'owning', team: 'team-places', rights: [] });
    expect(await owning.approve({ changeId: id, reason: 'agreed', author: 'Olga' })).toMatchObject({ by: 'Olga (team-places)' });
  });

  it('needs a change that some check has told of', async () => {
    await expect(r.admin.approve({ changeId: '0123456789ab', reason: 'x', author: 'Ada' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('usage', () => {
  const traffic = [
    {
      client: 'dashboard',
      clientVersion: '2.1',
      name: 'Values',
      document: 'query Values { readings(metric: "pulse of Mr Smith") { value } }',
      count: 900,
    },
    { client: 'kiosk', name: 'Names', document: 'query Names { devices { name } }', count: 10 },
  ];

  it('is seen by field, by client, and by what nobody uses', async () => {
    expect((await r.report(usageReport(traffic))).status).toBe(200);
    await r.report(usageReport(traffic));
    expect(await r.admin.usage({ view: 'field', coordinate: 'Reading.value' })).toMatchObject({
      uses: [{ operation: 'Values', client: 'dashboard', clientVersion: '2.1', count: 1_800, meanMs: 5 }],
    });
    expect(await r.admin.usage({ view: 'client' })).toMatchObject({
      clients: [
        { client: 'dashboard', count: 1_800 },
        { client: 'kiosk', count: 20 },
      ],
    });
    const { fields } = await r.admin.usage<{ fields: { coordinate: string }[] }>({ view: 'unused' });
    expect(fields.map(({ coordinate }) => coordinate)).toEqual(expect.arrayContaining(['Device.place', 'User.email']));
    expect(fields.map(({ coordinate }) => coordinate)).not.toContain('Reading.value');
  });

  it('shows what is deprecated and still used', async () => {
    await r.publish(
      'devices',
      SMALL_GRAPH.devices.replace('name: String!', 'name: String! @deprecated(reason: "Use label. Removed after 2027-03-01.")'),
    );
    await r.report(usageReport(traffic));
    expect(await r.admin.usage({ view: 'deprecated' })).toEqual({
      fields: [{ coordinate: 'Device.name', deprecated: 'Use label. Removed after 2027-03-01.', count: 10 }],
    });
  });

  it('never holds a value that stood in a document', async () => {
    await r.report(usageReport(traffic));
    const rows = await db.rows<{ all: string }>(`select string_agg(o::text, ' ') as all from operation o`);
    expect(rows[0]!.all).not.toContain('Smith');
  });

  it('is taken from gateways only, and only whole', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${r.url}/v1/usage`, { method: 'POST', headers, body: JSON.stringify(usageReport(traffic)) })).status).toBe(401);
    const response = await r.report({ ...usageReport(traffic), tallies: [{ signature: 'x' }] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'BAD_USER_INPUT' } });
  });
});

describe('the artifact', () => {
  const artifact = (headers: Record<string, string> = {}) =>
    fetch(`${r.url}/v1/supergraph/main`, { headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, ...headers } });

  it('is signed, and answers 304 while nothing is new', async () => {
    const response = await artifact();
    const verified = createArtifactVerifier(r.publicKey, 'main')(await response.text());
    expect(verified).toMatchObject({ variant: 'main', version: 4 });
    expect((await artifact({ 'if-none-match': response.headers.get('etag')! })).status).toBe(304);
  });

  it('is handed to whoever waits for it as soon as it is there', async () => {
    const { headers } = await artifact();
    const waiting = artifact({ 'if-none-match': headers.get('etag')!, prefer: 'wait=30' });
    await r.publish('devices', withNewField);
    const response = await waiting;
    expect(response.status).toBe(200);
    expect(((await response.json()) as { supergraphSdl: string }).supergraphSdl).toContain('weightKg');
  });

  it('is nobody’s without a key, and has only variants that there are', async () => {
    expect((await fetch(`${r.url}/v1/supergraph/main`)).status).toBe(401);
    await expect(r.admin.ask('GET', 'supergraph/partners')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
