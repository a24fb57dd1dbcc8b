import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { isForeignKeyViolation } from '@pulsegraph/kit/postgres';
import { AssetRepository } from '../asset/asset.repository.js';
import { requireAsset } from '../asset/asset.service.js';
import { AssignmentRepository, kindOf } from '../assignment/assignment.repository.js';
import { assignWithin, endWithin } from '../assignment/assignment.service.js';
import type { ChangeScope, ChangeWriter } from '../change/change-scope.js';
import { CredentialRepository } from '../credential/credential.repository.js';
import type { CredentialService } from '../credential/credential.service.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { Device } from './device.entity.js';
import { DevicePresence } from './device-presence.entity.js';
import { DeviceRepository } from './device.repository.js';
import { updateRules } from './device.rules.js';

/** What people change about a device that is there. */
export class DeviceService {
  constructor(
    private readonly changes: ChangeWriter,
    private readonly credentials: CredentialService,
  ) {}

  async update(viewer: Viewer, id: string, input: unknown): Promise<Device> {
    const { name, profileId, assetId, labels } = parseInput(updateRules, input);
    try {
      return await this.changes.run(viewer, async (scope) => {
        const device = await lockDevice(scope, id);
        if (device.lifecycle === 'RETIRED') throw errors.conflict('The device is retired.');
        const update = {
          ...(name !== undefined && { name }),
          ...(profileId !== undefined && { profileId }),
          ...(labels !== undefined && { labels: labels ?? [] }),
          updatedAt: scope.at,
        };
        const devices = new DeviceRepository(scope.manager);
        if (profileId !== undefined && !isUuid(profileId)) throw errors.notFound('device profile');
        if (name !== undefined || profileId !== undefined || labels !== undefined) {
          await scope.changingDevices([id], 'UPDATED', () => devices.update(id, update));
          scope.feed(registryEntry.device(Object.assign(device, update)));
        }
        if (assetId !== undefined) await scope.changingDevices([id], 'ASSIGNMENT', () => place(scope, id, assetId));
        return (await devices.findById(id))!;
      });
    } catch (error) {
      if (isForeignKeyViolation(error, 'device_profile_fkey')) throw errors.notFound('device profile');
      throw error;
    }
  }

  /** The device keeps its history and its key; its credentials and assignments end. */
  async retire(viewer: Viewer, id: string): Promise<Device> {
    const { result, revision } = await this.changes.commit(viewer, async (scope) => {
      const device = await lockDevice(scope, id);
      if (device.lifecycle === 'RETIRED') throw errors.conflict('The device is retired already.');
      const devices = new DeviceRepository(scope.manager);
      const revoked = await new CredentialRepository(scope.manager).deleteByDevice(id);
      scope.feedGone(
        'credential',
        revoked.map((credential) => credential.id),
      );
      await scope.changingDevices([id], 'RETIRED', async () => {
        for (const assignment of await new AssignmentRepository(scope.manager).openOf(id)) await endWithin(scope, assignment, scope.at);
        await devices.update(id, { lifecycle: 'RETIRED', updatedAt: scope.at });
        if (device.connectivity === 'ONLINE') {
          await scope.manager.update(DevicePresence, { deviceId: id }, { connectivity: 'OFFLINE', since: scope.at });
        }
      });
      const retired = (await devices.findById(id))!;
      scope.feed(registryEntry.device(retired), registryEntry.connectivity(retired.presence));
      return { device: retired, usernames: [...new Set(revoked.map(({ username }) => username))] };
    });
    await this.credentials.makeUnknown(result.usernames, revision);
    return result.device;
  }
}

async function lockDevice(scope: ChangeScope, id: string): Promise<Device> {
  const device = isUuid(id) ? await new DeviceRepository(scope.manager).lock(id) : null;
  if (!device) throw errors.notFound('device');
  return device;
}

/** `updateDevice.assetId`: an assignment from now on, or none. */
async function place(scope: ChangeScope, deviceId: string, assetId: string | null): Promise<void> {
  if (assetId !== null) {
    await requireAsset(new AssetRepository(scope.manager), assetId);
    await assignWithin(scope, deviceId, { assetId, patientId: null }, scope.at);
    return;
  }
  const open = await new AssignmentRepository(scope.manager).openOf(deviceId);
  for (const assignment of open) if (kindOf(assignment) === 'ASSET') await endWithin(scope, assignment, scope.at);
}
