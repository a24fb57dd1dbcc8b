import type { RegistryChange, RegistryFeedPage } from '@pulsegraph/contracts';
import {
  TEST_ASSET_ID,
  TEST_DEVICE,
  TEST_ORGANIZATION,
  aConnectivityEntry,
  aCredentialEntry,
  aDeviceEntry,
  aMetricEntry,
  aPatientEntry,
  aProfileEntry,
  aRegistrySnapshot,
  anAssetEntry,
  anAssignmentEntry,
  anOrganizationEntry,
  eventually,
  fakeRegistrySource,
  put,
  removed,
  type RegistryEdit,
} from '@pulsegraph/testkit';
import { busChannel } from '@pulsegraph/contracts';
import fc from 'fast-check';
import { createInProcessBus } from '../live-bus/index.js';
import { silentLog } from '../log/index.js';
import { createRegistryProjection } from './registry-projection.js';
import type { RegistryProjection, RegistrySource } from './registry.js';

const bus = createInProcessBus();
const projections: RegistryProjection[] = [];
const project = (source: RegistrySource, pollMs = 60_000) => {
  const projection = createRegistryProjection({ source, bus, log: silentLog, pollMs });
  projections.push(projection);
  return projection;
};
afterEach(() => Promise.all(projections.splice(0).map((projection) => projection.stop())));

const pool = <T>(...values: T[]) => fc.constantFrom(...values);
const organizationIds = ['org-1', 'org-2'];
const ids = ['a', 'b', 'c'];
const times = [0, 10, 20, 30];

/** Changes that collide as often as they can: few ids, few keys, circles of parents, moves between organizations. */
const anyEntry: fc.Arbitrary<RegistryEdit> = fc.oneof(
  fc.record({ id: pool(...organizationIds), key: pool('acme', 'other') }).map((over) => put('organization', anOrganizationEntry(over))),
  fc
    .record({
      id: pool(...ids),
      organizationId: pool(...organizationIds),
      metrics: fc.subarray([aMetricEntry(), aMetricEntry({ metric: 'spo2' })]),
    })
    .map((over) => put('profile', aProfileEntry(over))),
  fc
    .record({ id: pool(...ids), organizationId: pool(...organizationIds), parentId: pool(null, ...ids) })
    .map((over) => put('asset', anAssetEntry(over))),
  // Each device keeps its key, as the registry promises; its organization and profile may differ.
  fc
    .record({ id: pool(...ids), organizationId: pool(...organizationIds), profileId: pool(...ids) })
    .map((over) => put('device', aDeviceEntry({ ...over, key: `key-of-${over.id}` }))),
  fc.record({ id: pool(...ids), bedId: pool(null, ...ids) }).map((over) => put('patient', aPatientEntry(over))),
  fc
    .record({ id: pool(...ids), deviceId: pool(...ids), toPatient: fc.boolean(), fromMs: pool(...times), toMs: pool(null, ...times) })
    .map(({ toPatient, ...over }) =>
      put('assignment', anAssignmentEntry({ ...over, assetId: toPatient ? null : 'a', patientId: toPatient ? 'b' : null })),
    ),
  fc.record({ id: pool(...ids), username: pool('acme/x', 'acme/y') }).map((over) => put('credential', aCredentialEntry('token', over))),
  fc.record({ deviceId: pool(...ids), sinceMs: pool(...times) }).map((over) => put('connectivity', aConnectivityEntry(over))),
);
const anyEdit = fc.tuple(anyEntry, fc.boolean()).map(([edit, gone]) => (gone ? ({ ...edit, value: null } as RegistryEdit) : edit));

const sorted = (entries: Iterable<{ id: string }>) => [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));

/** The answer to every question that the small world above allows. */
function everyAnswer(registry: RegistryProjection) {
  return {
    organizations: [
      sorted(registry.organizations()),
      organizationIds.map((id) => registry.organization(id)),
      ['acme', 'other'].map((key) => registry.organizationByKey(key)?.key),
    ],
    byOrganization: organizationIds.map((id) => [
      sorted(registry.devicesOf(id)),
      sorted(registry.profilesOf(id)),
      ids.map((key) => registry.deviceByKey(id, `key-of-${key}`)),
    ]),
    byId: ids.map((id) => {
      const device = registry.device(id);
      return [
        device,
        device && registry.metric(device, 'spo2'),
        registry.profile(id),
        registry.asset(id),
        registry.patient(id),
        registry.connectivity(id),
      ];
    }),
    assignments: ids.map((id) => [
      registry.assignmentsOf(id),
      registry.assignmentsOfPatient(id),
      registry.assignmentsOfAsset(id),
      times.map((atMs) => [registry.assetOf(id, atMs), registry.patientOf(id, atMs)]),
    ]),
    within: ids.map((asset) => ids.map((ancestor) => registry.isWithin(asset, ancestor))),
    credentials: ['acme/x', 'acme/y'].map((username) => sorted(registry.credentialsOf(username))),
  };
}

it('answers the same however the history was split into pages', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEdit, { minLength: 1, maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 6 }), async (edits, cuts) => {
      // Two organizations never hold one key at a time.
      const history = edits.filter(
        (edit) => edit.kind !== 'organization' || edit.value === null || edit.value.key === (edit.id === 'org-1' ? 'acme' : 'other'),
      );
      fc.pre(history.length > 0);
      const whole = fakeRegistrySource(history);
      const expected = project(whole);
      await expected.start();

      const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < history.length), history.length])].sort((a, b) => a - b);
      const paged: RegistrySource = {
        fetch: async (since): Promise<RegistryFeedPage> => {
          const end = ends.find((cut) => cut > since) ?? history.length;
          if (since === 0) return { ...(await fakeRegistrySource(history.slice(0, end)).fetch(0)) };
          return {
            revision: end,
            snapshot: false,
            changes: history.slice(since, end).map((edit, index) => ({ ...edit, revision: since + index + 1 }) as RegistryChange),
          };
        },
      };
      const actual = project(paged);
      await actual.start();
      expect(actual.revision).toBe(history.length);
      expect(everyAnswer(actual)).toEqual(everyAnswer(expected));
      await Promise.all(projections.splice(0).map((projection) => projection.stop()));
    }),
    { seed: 20_261_120, numRuns: 200 },
  );
});

it('is ready after the first snapshot, and applies a change on a wake-up', async () => {
  const source = fakeRegistrySource(aRegistrySnapshot());
  const registry = project(source);
  expect(registry.ready).toBe(false);
  await registry.start();
  expect(registry.ready).toBe(true);
  expect(registry.deviceByKey(TEST_ORGANIZATION.id, TEST_DEVICE.key)?.id).toBe(TEST_DEVICE.id);
  expect(registry.assetOf(TEST_DEVICE.id, Date.now())).toBe(TEST_ASSET_ID);

  const heard: number[] = [];
  registry.onChange((changes) => heard.push(...changes.map(({ revision }) => revision)));
  const revision = source.push(put('device', aDeviceEntry({ lifecycle: 'RETIRED' })));
  await bus.publish(busChannel.registry, { revision });
  await eventually(() => expect(registry.device(TEST_DEVICE.id)?.lifecycle).toBe('RETIRED'));
  expect(heard).toEqual([revision]);
});

it('finds a change by polling when the wake-up was lost', async () => {
  const source = fakeRegistrySource(aRegistrySnapshot());
  const registry = project(source, 10);
  await registry.start();
  source.push(removed('device', aDeviceEntry()));
  await eventually(() => expect(registry.device(TEST_DEVICE.id)).toBeUndefined());
});

it('keeps the last copy through an outage and catches up after it', async () => {
  const source = fakeRegistrySource(aRegistrySnapshot());
  const registry = project(source, 10);
  await registry.start();
  source.failWith(new Error('devices is away'));
  source.push(put('device', aDeviceEntry({ name: 'Renamed' })));
  const before = source.fetchCount;
  await eventually(() => expect(source.fetchCount).toBeGreaterThan(before + 2));
  expect(registry.ready).toBe(true);
  expect(registry.device(TEST_DEVICE.id)?.name).not.toBe('Renamed');
  source.failWith(null);
  await eventually(() => expect(registry.device(TEST_DEVICE.id)?.name).toBe('Renamed'));
});

it('goes on trying when the first snapshot does not come', async () => {
  const source = fakeRegistrySource(aRegistrySnapshot());
  source.failWith(new Error('devices is away'));
  const registry = project(source, 10);
  const started = registry.start();
  await eventually(() => expect(source.fetchCount).toBeGreaterThan(2));
  expect(registry.ready).toBe(false);
  source.failWith(null);
  await started;
  expect(registry.ready).toBe(true);
});

it('waits for a revision, and says so when it does not come', async () => {
  const source = fakeRegistrySource(aRegistrySnapshot());
  const registry = project(source);
  await registry.start();
  const revision = source.push(put('asset', anAssetEntry({ id: 'new' })));
  await registry.waitFor(revision, 5_000);
  expect(registry.asset('new')).toBeDefined();
  await expect(registry.waitFor(revision + 1, 20)).rejects.toThrow(`did not reach revision ${revision + 1} within 20 ms`);
});

it('reads everything anew when the registry went back in time', async () => {
  let source = fakeRegistrySource([...aRegistrySnapshot(), put('asset', anAssetEntry({ id: 'lost-by-restore' }))]);
  const registry = project({ fetch: (since) => source.fetch(since) }, 10);
  await registry.start();
  const restored = fakeRegistrySource(aRegistrySnapshot());
  // As a real source does for a revision that it does not know.
  source = { ...restored, fetch: (since) => restored.fetch(since > restored.revision ? 0 : since) };
  await eventually(() => expect(registry.asset('lost-by-restore')).toBeUndefined());
  expect(registry.device(TEST_DEVICE.id)).toBeDefined();
});
