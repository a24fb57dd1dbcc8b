import { randomUUID } from 'node:crypto';
import { may, ROLES, type RegistryChange, type RegistryFeedPage, type Role, type Viewer } from '@pulsegraph/contracts';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { askSubgraph, aViewer, signedViewer, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY, testDatabase } from '@pulsegraph/testkit';
import fc from 'fast-check';
import { parse, subscribe, type ExecutionResult } from 'graphql';
import type { Clock } from '../connectivity/clock.js';
import { createDevicesSubgraph, type DevicesSubgraph } from '../devices-subgraph.js';

const database = testDatabase('devices');
const runs: (() => Promise<void>)[] = [];
const clock: Clock & { nowMs: number } = {
  nowMs: Date.parse('2026-11-20T12:00:00Z'),
  now: () => clock.nowMs,
  every: (_ms: number, run: () => Promise<void>) => {
    runs.push(run);
    return () => Promise.resolve();
  },
};
const REPLAY_WINDOW_MS = 3_600_000;
let devices: DevicesSubgraph;
/** A second instance on the same database, whose bus hears nothing of the first. */
let twin: DevicesSubgraph;

const start = () =>
  createDevicesSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    eventLog: createMemoryEventLog(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
    mqttPublicUrl: 'mqtt://broker.test:1883',
    edge: { accept: () => Promise.resolve(), revoke: () => Promise.resolve() },
    replayWindowMs: REPLAY_WINDOW_MS,
    clock,
    pollMs: 50,
  });
beforeAll(async () => {
  [devices, twin] = await Promise.all([start(), start()]);
  await devices.start();
});
afterAll(() => Promise.all([devices?.stop(), twin?.stop()]));

function anOrganization() {
  const organizationId = randomUUID();
  const as = (role: Role): Viewer => aViewer({ organizationId, organizationKey: `org-${organizationId.slice(0, 8)}`, role });
  return { organizationId, as, admin: as('ADMIN') };
}
async function give<T>(query: string, viewer: Viewer, variables?: Record<string, unknown>): Promise<T> {
  const { data, errors } = await askSubgraph<T>(devices, query, { viewer, variables });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return data!;
}
const idOf = (answer: Record<string, { id: string }>) => Object.values(answer)[0]!.id;
const aProfile = async (viewer: Viewer) =>
  idOf(
    await give(
      'mutation ($k: String!) { createDeviceProfile(input: { key: $k, name: "P", metrics: [{ metric: "t", name: "T", unit: "Cel" }] }) { id } }',
      viewer,
      { k: randomUUID() },
    ),
  );
const anAsset = async (viewer: Viewer, parentId: string | null = null) =>
  idOf(await give('mutation ($p: ID) { createAsset(input: { name: "A", kind: AREA, parentId: $p }) { id } }', viewer, { p: parentId }));
async function aDevice(viewer: Viewer, profileId: string, over: Record<string, unknown> = {}): Promise<string> {
  const input = { key: `d-${randomUUID()}`, name: 'Oven', profileId, ...over };
  const answer = await give<{ registerDevice: { device: { id: string } } }>(
    'mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { device { id } } }',
    viewer,
    { input },
  );
  return answer.registerDevice.device.id;
}
const rename = (viewer: Viewer, id: string, name: string) =>
  give('mutation ($id: ID!, $name: String!) { updateDevice(id: $id, input: { name: $name }) { id } }', viewer, { id, name });

interface Change {
  cursor: string;
  change: string;
  device: { id: string; name: string };
}
const WATCH =
  'subscription ($filter: DeviceFilter, $after: Cursor) { deviceChanged(filter: $filter, after: $after) { cursor change at device { id name } } }';
/** Subscribes as the gateway does; `code` when the operation is refused. */
async function watch(viewer: Viewer | null, variables: Record<string, unknown> = {}, instance = devices) {
  const contextValue = instance.createContext({ requestId: 'r', ...(viewer && { viewerHeader: signedViewer(viewer) }) });
  const opened = await subscribe({ schema: instance.schema, document: parse(WATCH), contextValue, variableValues: variables });
  if (!(Symbol.asyncIterator in opened)) {
    const cause = opened.errors![0]!.originalError as (Error & { code?: string }) | undefined;
    return { code: cause?.code, next: () => Promise.reject(cause!), close: () => Promise.resolve() };
  }
  const next = async (): Promise<Change> => {
    const { value, done } = (await opened.next()) as IteratorResult<ExecutionResult<{ deviceChanged: Change }>>;
    if (done || value.errors) throw new Error(`Stream ended: ${JSON.stringify((value as ExecutionResult | undefined)?.errors)}`);
    return value.data!.deviceChanged;
  };
  return { code: undefined, next, close: async () => void (await opened.return?.(undefined)) };
}

describe('deviceChanged', () => {
  it('tells what registered, changed, moved and retired, in order', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    const stream = await watch(admin, { filter: null });
    const id = await aDevice(admin, profileId);
    await rename(admin, id, 'Oven 2');
    await give('mutation ($id: ID!, $a: ID!) { assignDevice(deviceId: $id, to: { assetId: $a }) { id } }', admin, {
      id,
      a: await anAsset(admin),
    });
    await give('mutation ($id: ID!) { retireDevice(id: $id) { id } }', admin, { id });
    const told = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
    expect(told.map(({ change }) => change)).toEqual(['REGISTERED', 'UPDATED', 'ASSIGNMENT', 'RETIRED']);
    expect(told.map(({ device }) => device.id)).toEqual([id, id, id, id]);
    await stream.close();
  });

  it('tells a filter of what leaves it, what enters it, and of nothing else', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    const [site, elsewhere] = [await anAsset(admin), await anAsset(admin)];
    const line = await anAsset(admin, site);
    const stream = await watch(admin, { filter: { assetId: site } });
    const other = await aDevice(admin, profileId, { assetId: elsewhere });
    const own = await aDevice(admin, profileId, { assetId: line });
    const place = (id: string, a: string | null) =>
      give('mutation ($id: ID!, $a: ID) { updateDevice(id: $id, input: { assetId: $a }) { id } }', admin, { id, a });
    clock.nowMs += 10;
    await place(own, elsewhere);
    await rename(admin, own, 'unheard');
    await place(other, site);
    // The line itself moves away, and with it what stands there.
    clock.nowMs += 10;
    await place(own, line);
    await give('mutation ($id: ID!, $p: ID) { updateAsset(id: $id, input: { name: "L", kind: LINE, parentId: $p }) { id } }', admin, {
      id: line,
      p: elsewhere,
    });
    const told = [];
    for (let n = 0; n < 5; n++) told.push(await stream.next());
    expect(told.map(({ change, device }) => [change, device.id])).toEqual([
      ['REGISTERED', own],
      ['ASSIGNMENT', own],
      ['ASSIGNMENT', other],
      ['ASSIGNMENT', own],
      ['UPDATED', own],
    ]);
    await stream.close();
  });

  it('resumes wherever it broke, on another instance too, without loss or repetition', async () => {
    const { admin, organizationId } = anOrganization();
    const profileId = await aProfile(admin);
    const ids = [await aDevice(admin, profileId), await aDevice(admin, profileId)];
    const anchor = await watch(admin);
    await rename(admin, ids[0]!, 'first');
    let { cursor } = await anchor.next();
    await anchor.close();

    const writes = 120;
    const writing = (async () => {
      for (let n = 0; n < writes; n += 4) await Promise.all([0, 1, 2, 3].map((k) => rename(admin, ids[k % 2]!, `name ${n + k}`)));
    })();
    const seen: string[] = [];
    // Breaks after 1, 2, 3 … events, sometimes with one in flight that nobody takes.
    for (let length = 1; seen.length < writes; length = (length % 13) + 1) {
      const stream = await watch(admin, { after: cursor }, length % 2 ? devices : twin);
      for (let n = 0; n < length && seen.length < writes; n++) {
        const event = await stream.next();
        seen.push(event.cursor);
        cursor = event.cursor;
      }
      await stream.close();
    }
    await writing;
    const [table] = await database.rows<{ count: number; newest: string }>(
      'select count(*)::int as count, max(seq) as newest from device_change where organization_id = $1',
      [organizationId],
    );
    const seqs = seen.map(
      (text) => (JSON.parse(Buffer.from(text.split('.')[0]!, 'base64url').toString()) as [string, string, { c: number }])[2].c,
    );
    expect(seqs).toEqual(Array.from({ length: writes }, (_, n) => Number(table!.newest) - writes + 1 + n));
  });

  it('shows the device as it is, not as an earlier event of the same subscription saw it', async () => {
    const { admin } = anOrganization();
    const id = await aDevice(admin, await aProfile(admin));
    const stream = await watch(admin);
    for (const name of ['one', 'two', 'three']) {
      await rename(admin, id, name);
      expect((await stream.next()).device.name).toBe(name);
    }
    await stream.close();
  });

  it('refuses strangers, foreign ids, foreign cursors and cursors beyond the window', async () => {
    const { admin, as } = anOrganization();
    const profileId = await aProfile(admin);
    const id = await aDevice(admin, profileId);
    const stranger = anOrganization().admin;
    expect((await watch(null)).code).toBe('UNAUTHENTICATED');
    for (const role of ROLES) {
      const stream = await watch(as(role), { filter: { patientId: randomUUID() } });
      expect({ role, code: stream.code }).toEqual({ role, code: may(role, 'patients:read') ? 'NOT_FOUND' : 'FORBIDDEN' });
    }
    for (const filter of [{ ids: [id] }, { profileId }, { assetId: await anAsset(admin) }])
      expect((await watch(stranger, { filter })).code).toBe('NOT_FOUND');

    const stream = await watch(admin);
    await rename(admin, id, 'x');
    const { cursor } = await stream.next();
    await stream.close();
    expect((await watch(stranger, { after: cursor })).code).toBe('CURSOR_EXPIRED');
    expect((await watch(admin, { after: 'nonsense' })).code).toBe('CURSOR_EXPIRED');
    expect((await watch(admin, { after: `${cursor.slice(0, -2)}AA` })).code).toBe('CURSOR_EXPIRED');

    const again = await watch(admin, { after: cursor });
    expect(again.code).toBeUndefined();
    await again.close();
    clock.nowMs += REPLAY_WINDOW_MS + 1;
    for (const run of runs) await run();
    // Nothing was lost after this place, so it still holds; once something is, it does not.
    const quiet = await watch(admin, { after: cursor });
    expect(quiet.code).toBeUndefined();
    await quiet.close();
    await rename(admin, id, 'y');
    clock.nowMs += REPLAY_WINDOW_MS + 1;
    for (const run of runs) await run();
    expect((await watch(admin, { after: cursor })).code).toBe('CURSOR_EXPIRED');
  });
});

describe('the registry feed', () => {
  /** What a consumer does with pages. */
  function aReader(pageOf: (since: number) => Promise<RegistryFeedPage>) {
    const entries = new Map<string, RegistryChange>();
    const reader = {
      revision: 0,
      entries,
      async read() {
        const page = await pageOf(reader.revision);
        if (page.snapshot) entries.clear();
        for (const change of page.changes) {
          if (change.value === null) entries.delete(`${change.kind} ${change.id}`);
          else entries.set(`${change.kind} ${change.id}`, change);
        }
        expect(page.revision).toBeGreaterThanOrEqual(reader.revision);
        reader.revision = page.revision;
      },
    };
    return reader;
  }

  it('leads every reader to the same end, however it meets concurrent writers', async () => {
    const organizations = [anOrganization().admin, anOrganization().admin, anOrganization().admin];
    const readers = [aReader((since) => devices.registrySource.fetch(since)), aReader((since) => twin.registrySource.fetch(since))];
    let writing = true;
    const reading = Promise.all(
      readers.map(async (reader) => {
        while (writing) await reader.read();
        await reader.read();
      }),
    );
    await Promise.all(
      organizations.flatMap((admin) =>
        [0, 1].map(async () => {
          const profileId = await aProfile(admin);
          const assets = [await anAsset(admin), await anAsset(admin)];
          for (let n = 0; n < 8; n++) {
            const id = await aDevice(admin, profileId, { assetId: assets[n % 2] });
            await rename(admin, id, `name ${n}`);
            if (n % 3 === 0) await give('mutation ($id: ID!) { updateDevice(id: $id, input: { assetId: null }) { id } }', admin, { id });
            if (n % 3 === 1) await give('mutation ($id: ID!) { retireDevice(id: $id) { id } }', admin, { id });
            if (n % 3 === 2) await give('mutation ($id: ID!) { rotateDeviceCredential(id: $id, grace: "PT1M") { token } }', admin, { id });
          }
        }),
      ),
    );
    writing = false;
    await reading;
    const snapshot = aReader((since) => devices.registrySource.fetch(since));
    await snapshot.read();
    expect(snapshot.entries.size).toBeGreaterThan(150);
    for (const reader of readers) expect(reader.entries).toEqual(snapshot.entries);
    // And the snapshot is what the tables say.
    const [rows] = await database.rows<
      Record<string, number>
    >(`select (select count(*)::int from device) as device, (select count(*)::int from assignment) as assignment,
      (select count(*)::int from credential) as credential, (select count(*)::int from asset where deleted_at is null) as asset`);
    for (const [kind, count] of Object.entries(rows!)) {
      expect({ kind, count: [...snapshot.entries.values()].filter((change) => change.kind === kind).length }).toEqual({ kind, count });
    }
  });

  it('forgets a registration whose process died before the edge answered, and credentials past their grace', async () => {
    const { admin, organizationId } = anOrganization();
    const profileId = await aProfile(admin);
    const [orphan, rotated] = [await aDevice(admin, profileId, { key: 'orphan' }), await aDevice(admin, profileId)];
    await database.rows('update device set accepted_at = null where id = $1', [orphan]);
    await give('mutation ($id: ID!) { rotateDeviceCredential(id: $id, grace: "PT5M") { token } }', admin, { id: rotated });
    const reader = aReader((since) => devices.registrySource.fetch(since));
    const left = async () => {
      await reader.read();
      const own = [...reader.entries.values()].filter((change) => change.organizationId === organizationId);
      return Object.fromEntries(
        ['device', 'credential', 'connectivity'].map((kind) => [kind, own.filter((change) => change.kind === kind).length]),
      );
    };
    for (const run of runs) await run();
    expect(await left()).toEqual({ device: 2, credential: 3, connectivity: 2 });
    clock.nowMs += 11 * 60_000;
    for (const run of runs) await run();
    expect(await left()).toEqual({ device: 1, credential: 1, connectivity: 1 });
    // Its key is free: nobody ever saw the device.
    await aDevice(admin, profileId, { key: 'orphan' });
  });

  it('begins anew for a reader from a database that is no longer', async () => {
    const page = await devices.registrySource.fetch(Number.MAX_SAFE_INTEGER);
    expect(page.snapshot).toBe(true);
    expect(page.changes.length).toBeGreaterThan(0);
  });
});

describe('assignments', () => {
  const MINUTE_MS = 60_000;
  interface Interval {
    id: string;
    target: number;
    fromMs: number;
    toMs: number;
  }
  const step = fc.record({
    action: fc.constantFrom('assign', 'assign', 'end'),
    target: fc.integer({ min: 0, max: 2 }),
    agoMinutes: fc.integer({ min: 0, max: 12 }),
    waitMinutes: fc.integer({ min: 0, max: 4 }),
  });

  it('of one kind never overlap, and every instant has the target that was last said for it', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    const assets = [await anAsset(admin), await anAsset(admin), await anAsset(admin)];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const deviceId = await aDevice(admin, profileId);
        let model: Interval[] = [];
        for (const { action, target, agoMinutes, waitMinutes } of steps) {
          clock.nowMs += waitMinutes * MINUTE_MS;
          const atMs = clock.nowMs - agoMinutes * MINUTE_MS;
          const open = model.find(({ toMs }) => toMs === Infinity);
          const instant = new Date(atMs).toISOString();
          if (action === 'end') {
            if (!open) continue;
            const { code } = await askSubgraph(devices, 'mutation ($id: ID!, $at: DateTime) { endAssignment(id: $id, at: $at) { id } }', {
              viewer: admin,
              variables: { id: open.id, at: instant },
            });
            expect(code).toBe(atMs > open.fromMs ? undefined : 'BAD_USER_INPUT');
            if (atMs > open.fromMs) open.toMs = atMs;
            continue;
          }
          const { data, code } = await askSubgraph<{ assignDevice: { id: string; from: string } }>(
            devices,
            'mutation ($d: ID!, $a: ID!, $from: DateTime) { assignDevice(deviceId: $d, to: { assetId: $a }, from: $from) { id from } }',
            { viewer: admin, variables: { d: deviceId, a: assets[target], from: instant } },
          );
          if (open?.target === target && open.fromMs <= atMs) {
            expect(data?.assignDevice.id).toBe(open.id);
            continue;
          }
          const overlaps = model.some((interval) => interval !== open && interval.toMs > atMs);
          expect(code).toBe(overlaps ? 'ASSIGNMENT_OVERLAPS' : undefined);
          if (overlaps) continue;
          // What began later than this is replaced; what began earlier ends here.
          if (open && open.fromMs >= atMs) model = model.filter((interval) => interval !== open);
          else if (open) open.toMs = atMs;
          model.push({ id: data!.assignDevice.id, target, fromMs: atMs, toMs: Infinity });
        }
        const stored = await give<{
          device: {
            asset: { id: string } | null;
            assignments: { nodes: { id: string; asset: { id: string }; from: string; to: string | null }[] };
          };
        }>('query ($id: ID!) { device(id: $id) { asset { id } assignments { nodes { id asset { id } from to } } } }', admin, {
          id: deviceId,
        });
        const expected = model
          .toSorted((a, b) => b.fromMs - a.fromMs)
          .map(({ id, target, fromMs, toMs }) => ({
            id,
            asset: { id: assets[target] },
            from: new Date(fromMs).toISOString(),
            to: toMs === Infinity ? null : new Date(toMs).toISOString(),
          }));
        expect(stored.device.assignments.nodes).toEqual(expected);
        expect(stored.device.asset?.id ?? null).toBe(expected.find(({ to }) => to === null)?.asset.id ?? null);
        // The feed says the same.
        const feed = (await devices.registrySource.fetch(0)).changes.filter(
          (change) => change.kind === 'assignment' && change.value?.deviceId === deviceId,
        );
        expect(feed.map(({ id }) => id).sort()).toEqual(model.map(({ id }) => id).sort());
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  it('of one device, asked for by many at once, leave one open', async () => {
    const { admin } = anOrganization();
    const deviceId = await aDevice(admin, await aProfile(admin));
    const assets = await Promise.all([0, 1, 2, 3, 4, 5].map(() => anAsset(admin)));
    clock.nowMs += 1_000;
    const answers = await Promise.all(
      assets.map((a) =>
        askSubgraph(devices, 'mutation ($d: ID!, $a: ID!) { assignDevice(deviceId: $d, to: { assetId: $a }) { id } }', {
          viewer: admin,
          variables: { d: deviceId, a },
        }),
      ),
    );
    expect(answers.map(({ code }) => code)).toEqual(assets.map(() => undefined));
    expect(await database.rows('select id from assignment where device_id = $1 and to_at is null', [deviceId])).toHaveLength(1);
  });

  it('end once, whoever ends them at the same time', async () => {
    const { admin } = anOrganization();
    const profileId = await aProfile(admin);
    for (let round = 0; round < 6; round++) {
      const deviceId = await aDevice(admin, profileId);
      const patientId = idOf(await give('mutation { createPatient(input: { displayName: "P" }) { id } }', admin));
      clock.nowMs += 1_000;
      const assign = 'mutation ($d: ID!, $p: ID!) { assignDevice(deviceId: $d, to: { patientId: $p }) { id } }';
      const id = idOf(await give(assign, admin, { d: deviceId, p: patientId }));
      clock.nowMs += 1_000;
      const answers = await Promise.all([
        askSubgraph(devices, 'mutation ($id: ID!) { dischargePatient(id: $id) { id } }', { viewer: admin, variables: { id: patientId } }),
        askSubgraph(devices, 'mutation ($id: ID!) { endAssignment(id: $id) { id } }', { viewer: admin, variables: { id } }),
      ]);
      // A discharge that came second finds nothing open, which is no conflict; one that met the other half-way says so.
      for (const { code } of answers) expect([undefined, 'CONFLICT']).toContain(code);
      expect(answers.filter(({ code }) => code === undefined).length).toBeGreaterThan(0);
      const told = await database.rows(`select from device_change where device_id = $1 and kind = 'ASSIGNMENT'`, [deviceId]);
      expect(told).toHaveLength(2);
    }
  });

  it('name exactly one target, in the past', async () => {
    const { admin } = anOrganization();
    const assign = (args: string) =>
      askSubgraph(devices, `mutation { assignDevice(deviceId: "${randomUUID()}", ${args}) { id } }`, { viewer: admin });
    const both = `{ assetId: "${randomUUID()}", patientId: "${randomUUID()}" }`;
    for (const to of ['{}', both])
      expect((await assign(`to: ${to}`)).errors[0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'to' });
    const [d, a] = [await aDevice(admin, await aProfile(admin)), await anAsset(admin)];
    const later = new Date(clock.nowMs + 120_000).toISOString();
    const future = `mutation { assignDevice(deviceId: "${d}", to: { assetId: "${a}" }, from: "${later}") { id } }`;
    expect((await askSubgraph(devices, future, { viewer: admin })).errors[0]!.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: 'from',
    });
  });
});
