import { busChannel, type AssignmentEntry, type RegistryChange, type RegistryFeedPage } from '@pulsegraph/contracts';
import { FeedFollower, fetchFeed, type HttpFeedOptions } from '../feed/index.js';
import type { LiveBus } from '../live-bus/index.js';
import type { Log } from '../log/index.js';
import { RegistryIndex } from './registry-index.js';
import type { RegistryProjection, RegistrySource } from './registry.js';

export interface RegistryProjectionOptions {
  source: RegistrySource;
  bus: LiveBus;
  log: Log;
  /** Default 5 s. */
  pollMs?: number;
}

type ChangeListener = (changes: readonly RegistryChange[], snapshot: boolean) => void;

/** The feed over HTTP: `GET {url}/internal/registry?since=N`. */
export function httpRegistrySource(options: HttpFeedOptions): RegistrySource {
  return { fetch: (since) => fetchFeed<RegistryFeedPage>(options, '/internal/registry', since) };
}

export function createRegistryProjection({ source, bus, log, pollMs = 5_000 }: RegistryProjectionOptions): RegistryProjection {
  let index = new RegistryIndex();
  let revision = 0;
  let ready = false;
  const listeners = new Set<ChangeListener>();
  const awaiting = new Set<() => void>();

  const apply = ({ changes, snapshot, ...page }: RegistryFeedPage) => {
    // A snapshot is built aside and put in place whole: nobody looks into a half-filled registry.
    const target = snapshot ? new RegistryIndex() : index;
    for (const change of changes) target.apply(change);
    index = target;
    revision = page.revision;
    if (snapshot || changes.length > 0) {
      for (const listener of listeners) {
        try {
          listener(changes, snapshot);
        } catch (error) {
          log.error({ err: error, revision }, 'A listener of the registry failed');
        }
      }
    }
    for (const check of awaiting) check();
  };

  const follower = new FeedFollower({
    name: 'registry',
    bus,
    channel: busChannel.registry,
    pollMs,
    log,
    step: async () => {
      const before = revision;
      // Before the first snapshot there is nothing that deltas could be added to.
      const page = await source.fetch(ready ? before : 0);
      if (!page.snapshot && (!ready || page.revision < before)) {
        // The registry was restored from a backup, and what we hold was never in it.
        ready = false;
        revision = 0;
        log.warn({ before, revision: page.revision }, 'The registry went back in time; reading it anew');
        return true;
      }
      apply(page);
      ready = true;
      return page.revision !== before;
    },
  });

  const assignedAt = (deviceId: string, atMs: number, field: 'assetId' | 'patientId'): string | null => {
    const assignments = index.assignmentsByDevice.of(deviceId);
    // Mostly the newest is asked for.
    for (let last = assignments.length - 1; last >= 0; last--) {
      const entry = assignments[last]!;
      if (entry[field] !== null && covers(entry, atMs)) return entry[field];
    }
    return null;
  };

  return {
    start: () => follower.start(),
    stop: () => follower.stop(),
    get ready() {
      return ready;
    },
    get revision() {
      return revision;
    },
    get ageMs() {
      return follower.ageMs;
    },
    waitFor: (wanted, timeoutMs) => {
      if (ready && revision >= wanted) return Promise.resolve();
      follower.wake();
      return new Promise((resolve, reject) => {
        const check = () => {
          if (revision < wanted) return;
          clearTimeout(timer);
          awaiting.delete(check);
          resolve();
        };
        const timer = setTimeout(() => {
          awaiting.delete(check);
          reject(new Error(`The registry did not reach revision ${wanted} within ${timeoutMs} ms.`));
        }, timeoutMs);
        awaiting.add(check);
      });
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    organization: (id) => index.organizations.get(id),
    organizationByKey: (key) => index.organizationsByKey.get(key),
    organizations: () => index.organizations.values(),
    device: (id) => index.devices.get(id),
    deviceByKey: (organizationId, key) => index.devicesByKey.get(RegistryIndex.deviceKey(organizationId, key)),
    devicesOf: (organizationId) => index.devicesByOrganization.of(organizationId),
    profile: (id) => index.profiles.get(id),
    profilesOf: (organizationId) => index.profilesByOrganization.of(organizationId),
    metric: (device, metric) => index.metrics.get(device.profileId)?.get(metric),
    asset: (id) => index.assets.get(id),
    isWithin: (assetId, ancestorId) => {
      let current: string | null = assetId;
      // Never more steps than there are assets: a circle of parents must not hold the process.
      for (let steps = 0; current !== null && steps <= index.assets.size; steps++) {
        if (current === ancestorId) return true;
        current = index.assets.get(current)?.parentId ?? null;
      }
      return false;
    },
    patient: (id) => index.patients.get(id),
    credentialsOf: (username) => [...index.credentialsByUsername.of(username)],
    assignmentsOf: (deviceId) => index.assignmentsByDevice.of(deviceId),
    assignmentsOfPatient: (patientId) => index.assignmentsByPatient.of(patientId),
    assignmentsOfAsset: (assetId) => index.assignmentsByAsset.of(assetId),
    assetOf: (deviceId, atMs) => assignedAt(deviceId, atMs, 'assetId'),
    patientOf: (deviceId, atMs) => assignedAt(deviceId, atMs, 'patientId'),
    connectivity: (deviceId) => index.connectivities.get(deviceId),
  };
}

const covers = ({ fromMs, toMs }: AssignmentEntry, atMs: number) => fromMs <= atMs && (toMs === null || atMs < toMs);
