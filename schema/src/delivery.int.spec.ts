import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, testDatabase } from '@pulsegraph/testkit';
import { SMALL_GRAPH } from './testing/small-graph.js';
import { startSmallGateway, type SmallGateway } from './testing/small-gateway.js';
import { startTestRegistry, type TestRegistry } from './testing/test-registry.js';

const db = testDatabase('registry');
let r: TestRegistry;
let g: SmallGateway;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulsegraph-delivery-'));
  r = await startTestRegistry(db.url);
  await r.publishSmallGraph();
});
afterAll(async () => {
  await r?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await db.rows('truncate usage_hour, operation, gateway, check_run');
  for (const name of Object.keys(SMALL_GRAPH) as (keyof typeof SMALL_GRAPH)[]) await r.publish(name, SMALL_GRAPH[name]);
  g = await startSmallGateway(r, { cacheFile: join(folder, 'supergraph.json') });
});
afterEach(() => g?.stop());

const withNewField = SMALL_GRAPH.devices.replace('place: String', 'place: String\n  "In kg."\n  weightKg: Float');
const proposal = (sdl: string) => ({ sdl, author: 'Ada', commit: 'c0ffee' });
const served = () => g.source.servedVersion;

describe('a gateway that follows the registry', () => {
  it('serves what is published, reports which version it is, and goes back with one command', async () => {
    const { graphVersion } = await r.publish('devices', withNewField);
    await eventually(() => expect(served()).toBe(graphVersion));
    expect(await g.ask('{ device(id: "1") { weightKg } }')).toEqual({ data: { device: { weightKg: null } } });
    await eventually(async () =>
      expect(await r.admin.usage({ view: 'gateways' })).toMatchObject({
        gateways: [expect.objectContaining({ servedVersion: graphVersion })],
      }),
    );
    await r.admin.rollback({ reason: 'too heavy', author: 'Ada' });
    await eventually(() => expect(served()).toBe(graphVersion + 1));
    expect((await g.ask('{ device(id: "1") { weightKg } }')).errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('goes on serving while the registry is away, starts without it, and takes what came meanwhile', async () => {
    await r.away();
    try {
      expect(await g.ask('{ me { name } }')).toEqual({ data: { me: { name: 'Olga' } } });
      await g.stop();
      g = await startSmallGateway(r, { cacheFile: join(folder, 'supergraph.json') });
      expect(await g.ask('{ me { name } }')).toEqual({ data: { me: { name: 'Olga' } } });
    } finally {
      await r.back();
    }
    const { graphVersion } = await r.publish('devices', withNewField);
    await eventually(() => expect(served()).toBe(graphVersion));
  });

  it('keeps every open subscription through a publish: nobody ends, nothing is missed', async () => {
    const feed = g.subscribe('subscription Live { readingAdded { reading { value } device { name } } }', { count: 50 });
    await eventually(() => expect(g.arrivals.listening).toBe(1));
    await eventually(() => expect(g.gateway.live.describe()).toMatchObject([{ clients: 50 }]));
    let published = 0;
    const publishing = setInterval(() => g.arrivals.publish({ value: (published += 1) }), 5);
    for (const sdl of [withNewField, SMALL_GRAPH.devices, withNewField]) {
      const { graphVersion } = await r.publish('devices', sdl);
      await eventually(() => expect(served()).toBe(graphVersion));
    }
    clearInterval(publishing);
    await eventually(() => expect(feed.received.map((answers) => answers.length)).toEqual(Array.from({ length: 50 }, () => published)));
    for (const answers of feed.received)
      expect(answers.map(({ data }) => (data as { readingAdded: { reading: { value: number } } }).readingAdded.reading.value)).toEqual(
        Array.from({ length: published }, (_, index) => index + 1),
      );
    expect(feed.endings).toEqual([]);
  });
});

describe('usage', () => {
  it('comes from gateways with client, fields, latency and errors, and without a value', async () => {
    for (let index = 0; index < 5; index += 1) await g.ask('query Secret { readings(metric: "of Mr Smith") { value } }');
    await g.ask('query Mine($id: ID!) { device(id: $id) { name } }', { client: 'kiosk', variables: { id: 'record 4711' } });
    await eventually(async () =>
      expect(await r.admin.usage({ view: 'field', coordinate: 'Reading.value' })).toMatchObject({
        uses: [
          { operation: 'Secret', client: 'dashboard', clientVersion: '1.0', count: 5, errors: 0, meanMs: expect.any(Number) as unknown },
        ],
      }),
    );
    await eventually(async () =>
      expect(await r.admin.usage({ view: 'field', coordinate: 'Device.name' })).toMatchObject({ uses: [{ client: 'kiosk', count: 1 }] }),
    );
    const [kept] = await db.rows<{ all: string }>(`select string_agg(t.all, ' ') as all from (
      select o::text as all from operation o union all select u::text from usage_hour u union all select w::text from gateway w) t`);
    expect(kept!.all).toContain('Secret');
    expect(kept!.all).not.toMatch(/Smith|4711/);
  });

  it('is kept through an outage of the registry and counted once', async () => {
    await r.away();
    try {
      for (let index = 0; index < 3; index += 1) await g.ask('query Away { me { name } }');
    } finally {
      await r.back();
    }
    await eventually(async () =>
      expect(await r.admin.usage({ view: 'field', coordinate: 'User.name' })).toMatchObject({ uses: [{ count: 3 }] }),
    );
  });
});

describe('a check', () => {
  it('says what becomes of the subscriptions that are open right now', async () => {
    g.subscribe('subscription Units { readingAdded { reading { value unit } } }', { client: 'wall', count: 3 });
    g.subscribe('subscription Names { readingAdded { reading { value } device { name } } }', { client: 'dashboard', count: 4 });
    g.subscribe('subscription Values { readingAdded { reading { value } } }', { client: 'kiosk', count: 5 });
    await eventually(async () => {
      const rows = await db.rows<{ open: { count: number }[] }>('select open from gateway');
      expect(rows[0]?.open.reduce((sum, { count }) => sum + count, 0)).toBe(12);
    });
    const withoutUnit = SMALL_GRAPH.telemetry.replace('  "In the unit."\n', '').replace('  "UCUM code."\n  unit: String\n', '');
    const report = await r.admin.check('telemetry', proposal(withoutUnit));
    expect(report.live).toMatchObject({
      ends: 3,
      replans: 0,
      unchanged: 9,
      ending: [{ operation: 'Units', client: 'wall', count: 3, because: 'Cannot query field "unit" on type "Reading".' }],
    });
    expect(report.text).toContain('Open subscriptions: ends 3, re-plans 0, leaves 9 unchanged.');
    expect(report.verdict).toBe('failed');
    // The name comes with the event itself: another plan for those who ask for it, and no interruption.
    const nameAtHand = SMALL_GRAPH.telemetry.replace(
      '"Newest values."',
      '"As people call it."\n  name: String! @override(from: "devices")\n  "Newest values."',
    );
    expect((await r.admin.check('telemetry', proposal(nameAtHand))).live).toMatchObject({ ends: 0, replans: 4, unchanged: 8 });
  });

  it('shows busy operations whose plan would get longer, and fails beyond a budget', async () => {
    await g.ask('query Board { devices { name place } }');
    await eventually(async () =>
      expect(await r.admin.usage({ view: 'field', coordinate: 'Device.place' })).toMatchObject({ uses: [{ count: 1 }] }),
    );
    const moved = SMALL_GRAPH.telemetry.replace(
      '"Newest values."',
      '"Where it stands."\n  place: String @override(from: "devices")\n  "Newest values."',
    );
    const { plans, verdict } = await r.admin.check('telemetry', proposal(moved));
    expect(verdict).toBe('passed');
    expect(plans?.changes).toMatchObject([
      {
        operation: 'Board',
        extraHops: 1,
        before: { hops: 1, services: ['devices'] },
        after: { hops: 2, services: ['devices', 'telemetry'] },
      },
    ]);
    expect(await r.admin.check('telemetry', { ...proposal(moved), maxExtraHops: 0 })).toMatchObject({
      verdict: 'failed',
      reasons: ['1 busy operation would need more than 0 extra hops.'],
    });
  });
});

describe('trusted documents', () => {
  const document = 'query Trusted {\n  me {\n    name\n  }\n}';
  afterEach(() => db.rows('truncate client_document, client_release'));

  it('are all that a gateway answers that is told so', async () => {
    const only = await startSmallGateway(r, { trustedOnly: true });
    try {
      expect((await only.ask(document)).errors?.[0]?.extensions.code).toBe('OPERATION_NOT_TRUSTED');
      await r.admin.publishDocuments({ client: 'dashboard', clientVersion: '1.0', documents: [document] });
      await eventually(async () => expect(await only.ask(document)).toEqual({ data: { me: { name: 'Olga' } } }));
      // As a client's library sends it.
      expect(await only.ask('query Trusted { me { name __typename } }')).toEqual({ data: { me: { name: 'Olga', __typename: 'User' } } });
      expect((await only.ask('query Trusted { me { email } }')).errors?.[0]?.extensions.code).toBe('OPERATION_NOT_TRUSTED');
    } finally {
      await only.stop();
    }
  });

  it('count as use until their release is retired, and a retired release that still asks is seen', async () => {
    await r.admin.publishDocuments({ client: 'dashboard', clientVersion: '1.0', documents: ['query Mail { me { email } }'] });
    const withoutMail = SMALL_GRAPH.users.replace('  "Where mails go."\n  email: String @tag(name: "internal")\n', '');
    expect(await r.admin.check('users', proposal(withoutMail))).toMatchObject({
      verdict: 'failed',
      changes: [
        {
          path: 'User.email',
          verdict: 'breaks',
          affected: [{ source: 'document', client: 'dashboard', clientVersion: '1.0', operation: 'Mail' }],
        },
      ],
    });
    await r.admin.retireDocuments({ client: 'dashboard', clientVersion: '1.0' });
    expect(await r.admin.check('users', proposal(withoutMail))).toMatchObject({ verdict: 'passed', changes: [{ verdict: 'unused' }] });
    await g.ask('query Mail { me { email } }');
    await eventually(async () =>
      expect(await r.admin.usage({ view: 'releases' })).toMatchObject({
        releases: [{ client: 'dashboard', retiredAt: expect.any(String) as unknown, executions: 1 }],
      }),
    );
  });

  it('that do not fit the graph are refused when they are published', async () => {
    await expect(
      r.admin.publishDocuments({ client: 'dashboard', clientVersion: '2.0', documents: [document, 'query Old { me { nickname } }'] }),
    ).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'documents[1]: Old does not fit the graph: Cannot query field "nickname" on type "User". Did you mean "name"?',
    });
    await expect(r.admin.publishDocuments({ client: 'dashboard', clientVersion: '2.0', documents: ['query {'] })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

describe('a contract', () => {
  afterEach(() => db.rows('truncate contract'));

  it('is a graph of its own, without what is tagged away', async () => {
    await r.admin.setContract('public', { exclude: ['internal'] });
    const open = await startSmallGateway(r, { variant: 'public' });
    try {
      expect(await open.ask('{ devices { name place alerts { message } } }')).toMatchObject({
        data: { devices: [{ name: 'device 1' }, { name: 'device 2' }] },
      });
      const hidden = await open.ask('{ devices { serialNumber } }');
      expect(hidden.errors?.[0]).toMatchObject({ message: 'Cannot query field "serialNumber" on type "Device".' });
      expect(JSON.stringify(await open.ask('{ __schema { types { fields { name } } } }'))).not.toMatch(/serialNumber|email/);
      expect(await g.ask('{ devices { serialNumber } }')).toMatchObject({
        data: { devices: [{ serialNumber: 'SN-1' }, { serialNumber: 'SN-2' }] },
      });
    } finally {
      await open.stop();
    }
  });

  it('that a change would leave without a whole graph fails the check', async () => {
    await r.admin.setContract('public', { exclude: ['internal'] });
    const referring = SMALL_GRAPH.users.replace(
      'type Query {',
      '"Kept inside."\ntype Secret @tag(name: "internal") { "The word." word: String }\ntype Query {\n  "Tells."\n  secret: Secret',
    );
    expect(await r.admin.check('users', proposal(referring))).toMatchObject({
      verdict: 'failed',
      contractFaults: [
        {
          contract: 'public',
          message: expect.stringContaining('"Secret" is @inaccessible but is referenced by "Query.secret"') as unknown,
        },
      ],
    });
  });

  it('must name a tag, and is not the whole graph', async () => {
    await expect(r.admin.setContract('public', {})).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(r.admin.setContract('main', { exclude: ['internal'] })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(r.admin.dropContract('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
