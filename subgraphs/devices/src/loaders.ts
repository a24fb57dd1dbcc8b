import { isUuid } from '@pulsegraph/contracts';
import { inOrganization } from '@pulsegraph/kit/postgres';
import DataLoader from 'dataloader';
import type { DataSource, EntityManager } from 'typeorm';
import type { Asset } from './asset/asset.entity.js';
import { AssetRepository } from './asset/asset.repository.js';
import type { Assignment } from './assignment/assignment.entity.js';
import { AssignmentRepository } from './assignment/assignment.repository.js';
import { countOfTargets, pageOfTargets } from './device/device-list.repository.js';
import type { Device } from './device/device.entity.js';
import { DeviceRepository } from './device/device.repository.js';
import type { PatientVault } from './patient/patient-vault.js';
import { PatientRepository } from './patient/patient.repository.js';
import type { Patient } from './patient/patient.entity.js';
import { ProfileRepository } from './profile/profile.repository.js';
import type { DeviceProfile } from './profile/profile.entity.js';

type Read<T> = (manager: EntityManager, ids: readonly string[]) => Promise<T[]>;
interface Place {
  name: string;
  id: string;
}

/** Batches the reads of one operation, in its viewer's organization: the cache must not outlive its viewer. */
export class Loaders {
  readonly device = this.byId<Device>((manager, ids) => new DeviceRepository(manager).findByIds(ids));
  readonly profile = this.byId<DeviceProfile>((manager, ids) => new ProfileRepository(manager).findByIds(ids));
  readonly asset = this.byId<Asset>((manager, ids) => new AssetRepository(manager).findByIds(ids));
  readonly patient = this.byId<Patient>((manager, ids) => new PatientRepository(manager, this.vault).findByIds(ids));
  /** Today's assignments of a device, at most one of each kind. */
  readonly openAssignments = this.loader<string, Assignment[]>(async (manager, deviceIds) => {
    const open = await new AssignmentRepository(manager).openOfDevices(deviceIds);
    return (deviceId) => open.filter((assignment) => assignment.deviceId === deviceId);
  });
  private readonly paged = new Map<string, DataLoader<string, unknown>>();
  private readonly all: DataLoader<never, unknown>[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly organizationId: string,
    private readonly requestId: string,
    private readonly vault: PatientVault,
  ) {
    this.all.push(this.device, this.profile, this.asset, this.patient, this.openAssignments);
  }

  /** Forgets what was read: after a change, and before each event of a subscription, which shares one context. */
  clear(): void {
    for (const loader of this.all) loader.clearAll();
    this.paged.clear();
  }

  childrenOf(parentId: string, after: Place | undefined, limit: number): Promise<Asset[]> {
    return this.pagedLoader<Asset[]>(['children', after, limit], async (manager, parentIds) => {
      const pages = await new AssetRepository(manager).pageOfParents(parentIds, after, limit);
      return (id) => pages.get(id) ?? [];
    }).load(parentId);
  }

  countChildrenOf(parentId: string): Promise<number> {
    return this.pagedLoader<number>(['children count'], async (manager, parentIds) => {
      const counts = await new AssetRepository(manager).countOfParents(parentIds);
      return (id) => counts.get(id) ?? 0;
    }).load(parentId);
  }

  /** Devices now assigned to the asset or patient itself. */
  devicesAt(target: 'asset_id' | 'patient_id', id: string, after: Place | undefined, limit: number): Promise<Place[]> {
    return this.pagedLoader<Place[]>([target, after, limit], async (manager, ids) => {
      const pages = await pageOfTargets(manager, target, ids, after, limit);
      return (targetId) => pages.get(targetId) ?? [];
    }).load(id);
  }

  countDevicesAt(target: 'asset_id' | 'patient_id', id: string): Promise<number> {
    return this.pagedLoader<number>([target, 'count'], async (manager, ids) => {
      const counts = await countOfTargets(manager, target, ids);
      return (targetId) => counts.get(targetId) ?? 0;
    }).load(id);
  }

  assignmentsOf(deviceId: string, after: { fromUs: number; id: string } | undefined, limit: number) {
    return this.pagedLoader<{ assignment: Assignment; fromUs: number }[]>(['assignments', after, limit], async (manager, ids) => {
      const pages = await new AssignmentRepository(manager).pageOfDevices(ids, after, limit);
      return (id) => pages.get(id) ?? [];
    }).load(deviceId);
  }

  private byId<T extends { id: string }>(read: Read<T>): DataLoader<string, T | null> {
    return this.loader<string, T | null>(async (manager, ids) => {
      // What is no UUID can name nothing here, and Postgres would refuse the whole batch for it.
      const wanted = ids.filter(isUuid);
      const byId = new Map((wanted.length > 0 ? await read(manager, wanted) : []).map((row) => [row.id, row]));
      return (id) => byId.get(id.toLowerCase()) ?? null;
    });
  }

  /** One batch per distinct page arguments, over all parents that ask for such a page. */
  private pagedLoader<T>(
    page: readonly unknown[],
    read: (manager: EntityManager, ids: readonly string[]) => Promise<(id: string) => T>,
  ): DataLoader<string, T> {
    const name = JSON.stringify(page);
    let loader = this.paged.get(name) as DataLoader<string, T> | undefined;
    if (!loader) this.paged.set(name, (loader = this.loader(read)));
    return loader;
  }

  private loader<K, T>(read: (manager: EntityManager, keys: readonly K[]) => Promise<(key: K) => T>): DataLoader<K, T> {
    return new DataLoader<K, T>(async (keys) => {
      const answer = await inOrganization(this.dataSource, this.organizationId, (manager) => read(manager, keys), this.requestId);
      return keys.map(answer);
    });
  }
}
