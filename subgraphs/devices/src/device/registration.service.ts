import { randomUUID } from 'node:crypto';
import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { DomainError, errors, parseInput } from '@pulsegraph/kit/errors';
import type { Assignment } from '../assignment/assignment.entity.js';
import { AssetRepository } from '../asset/asset.repository.js';
import { requireAsset } from '../asset/asset.service.js';
import { AssignmentRepository } from '../assignment/assignment.repository.js';
import type { ChangeScope, ChangeWriter } from '../change/change-scope.js';
import { sqlOf } from '../change/sql.js';
import { CredentialRepository } from '../credential/credential.repository.js';
import type { CredentialService, IssuedCredential } from '../credential/credential.service.js';
import { issueToken } from '../credential/token.js';
import { deviceErrors } from '../errors.js';
import { ProfileRepository } from '../profile/profile.repository.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { DevicePresence } from './device-presence.entity.js';
import type { Device } from './device.entity.js';
import { DeviceRepository } from './device.repository.js';
import { registrationRules, registrationsRules, type Registration } from './device.rules.js';
import { removePendingDevices } from './pending-device.repository.js';

export interface RegisteredDevice {
  deviceId: string;
  credential: IssuedCredential;
}

/**
 * Registers in three steps: rows and feed, then the MQTT edge, then everybody hears of it. Between the first and the last
 * the device is seen by nobody, so that one which the edge does not accept can be taken back.
 */
export class RegistrationService {
  constructor(
    private readonly changes: ChangeWriter,
    private readonly credentials: CredentialService,
  ) {}

  async registerOne(viewer: Viewer, input: unknown): Promise<RegisteredDevice> {
    const registration = parseInput(registrationRules, input);
    return (await this.register(viewer, [registration], () => 'input'))[0]!;
  }

  /** All or none; errors name the row, for example `input[3].key`. */
  async registerAll(viewer: Viewer, input: unknown): Promise<RegisteredDevice[]> {
    const registrations = parseInput(registrationsRules, input);
    return registrations.length === 0 ? [] : this.register(viewer, registrations, (row) => `input[${row}]`);
  }

  private async register(
    viewer: Viewer,
    registrations: readonly Registration[],
    pathOf: (row: number) => string,
  ): Promise<RegisteredDevice[]> {
    const { result: pending, revision } = await this.changes.commit(viewer, (scope) => insert(scope, viewer, registrations, pathOf));
    const ids = pending.map(({ device }) => device.id);
    try {
      await this.credentials.makeKnown(
        pending.map(({ device, token, credential: { username, organizationId } }) => ({
          username,
          token,
          organizationId,
          deviceId: device.id,
          revision,
          graceMs: 0,
        })),
      );
    } catch (error) {
      const { revision: takenBack } = await this.takeBack(viewer, ids);
      // The edge may have accepted just after we stopped waiting.
      void this.credentials.makeUnknown(
        pending.map(({ credential }) => credential.username),
        takenBack,
      );
      throw error;
    }
    await this.changes.run(viewer, (scope) =>
      scope.changingDevices(ids, 'REGISTERED', () => new DeviceRepository(scope.manager).accept(ids, scope.at)),
    );
    return pending.map(({ device, credential, token }) => ({
      deviceId: device.id,
      credential: this.credentials.shown(credential.username, token),
    }));
  }

  private takeBack(viewer: Viewer, ids: readonly string[]) {
    return this.changes.commit(viewer, async (scope) => {
      scope.feed(...(await removePendingDevices(sqlOf(scope.manager), 'd.id = any($1::uuid[])', [ids])));
    });
  }
}

async function insert(scope: ChangeScope, viewer: Viewer, registrations: readonly Registration[], pathOf: (row: number) => string) {
  await requireReferences(scope, registrations, pathOf);
  const { at, organizationId } = scope;
  const pending = registrations.map((registration) => {
    const { key, name, profileId } = registration;
    const device = {
      id: randomUUID(),
      organizationId,
      key,
      name,
      profileId,
      labels: registration.labels ?? [],
      lifecycle: 'ACTIVE',
      createdAt: at,
      updatedAt: at,
    } as Device;
    return { device, registration, ...issueToken(device, viewer.organizationKey, at) };
  });

  const devices = new DeviceRepository(scope.manager);
  const free = await devices.insert(pending.map(({ device }) => device));
  const seen = new Set<string>();
  pending.forEach(({ device: { key } }, row) => {
    if (!free.has(key) || seen.has(key)) throw deviceErrors.keyTaken(key, `${pathOf(row)}.key`);
    seen.add(key);
  });

  const presences: DevicePresence[] = pending.map(({ device }) => ({
    deviceId: device.id,
    organizationId,
    connectivity: 'NEVER_SEEN',
    since: at,
    lastSeenAt: null,
    statusOnline: null,
    statusAt: null,
  }));
  const assignments: Assignment[] = pending.flatMap(({ device, registration: { assetId } }) =>
    assetId ? [{ id: randomUUID(), organizationId, deviceId: device.id, assetId, patientId: null, fromAt: at, toAt: null }] : [],
  );
  await devices.insertPresence(presences);
  await new AssignmentRepository(scope.manager).insert(assignments);
  await new CredentialRepository(scope.manager).insert(pending.map(({ credential }) => credential));
  scope.feed(
    ...pending.map(({ device }) => registryEntry.device(device)),
    ...presences.map(registryEntry.connectivity),
    ...assignments.map(registryEntry.assignment),
    ...pending.map(({ credential }) => registryEntry.credential(credential)),
  );
  return pending;
}

async function requireReferences(
  scope: ChangeScope,
  registrations: readonly Registration[],
  pathOf: (row: number) => string,
): Promise<void> {
  const assets = new AssetRepository(scope.manager);
  const profileIds = [...new Set(registrations.map(({ profileId }) => profileId).filter(isUuid))];
  const known = new Set((await new ProfileRepository(scope.manager).findByIds(profileIds)).map(({ id }) => id));
  const shared = new Set<string>();
  for (const [row, { profileId, assetId }] of registrations.entries()) {
    if (!known.has(profileId.toLowerCase())) throw atPath(errors.notFound('device profile'), `${pathOf(row)}.profileId`);
    if (!assetId || shared.has(assetId)) continue;
    await requireAsset(assets, assetId).catch((error: unknown) => {
      throw error instanceof DomainError ? atPath(error, `${pathOf(row)}.assetId`) : error;
    });
    shared.add(assetId);
  }
}

const atPath = ({ code, message, details }: DomainError, path: string) => new DomainError(code, message, { ...details, path });
