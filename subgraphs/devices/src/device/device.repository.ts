import { In, type EntityManager } from 'typeorm';
import { sqlOf } from '../change/sql.js';
import { DevicePresence } from './device-presence.entity.js';
import { Device } from './device.entity.js';

/** Rows of devices in the organization of the running transaction. */
export class DeviceRepository {
  constructor(private readonly manager: EntityManager) {}

  /** Devices that people can see, in no particular order. */
  findByIds(ids: readonly string[]): Promise<Device[]> {
    return this.query().where('d.id = any(:ids) and d.acceptedAt is not null', { ids }).getMany();
  }

  findByKey(key: string): Promise<Device | null> {
    return this.query().where('d.key = :key and d.acceptedAt is not null', { key }).getOne();
  }

  async findById(id: string): Promise<Device | null> {
    return (await this.findByIds([id]))[0] ?? null;
  }

  /** Locks the row until the transaction ends: two changes of one device follow each other. */
  async lock(id: string): Promise<Device | null> {
    const [row] = await sqlOf(this.manager)(`select from devices.device where id = $1 and accepted_at is not null for no key update`, [id]);
    return row ? this.findById(id) : null;
  }

  /** @returns Keys that were free; a key that another caller is inserting counts once that caller has committed. */
  async insert(devices: readonly Device[]): Promise<Set<string>> {
    // Sorted, so that two callers with the same keys in another order wait for each other instead of deadlocking.
    const sorted = devices.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const rows = await sqlOf(this.manager)<{ key: string }>(
      `insert into devices.device (id, organization_id, key, name, profile_id, labels, created_at, updated_at)
       select d.id, d."organizationId", d.key, d.name, d."profileId", d.labels, d."createdAt", d."updatedAt"
       from jsonb_to_recordset($1::jsonb) as d(id uuid, "organizationId" uuid, key text, name text, "profileId" uuid,
         labels jsonb, "createdAt" timestamptz, "updatedAt" timestamptz)
       on conflict on constraint device_organization_key_key do nothing
       returning key`,
      [JSON.stringify(sorted)],
    );
    return new Set(rows.map(({ key }) => key));
  }

  async insertPresence(presences: readonly DevicePresence[]): Promise<void> {
    await this.manager.insert(DevicePresence, [...presences]);
  }

  async accept(ids: readonly string[], at: Date): Promise<void> {
    await this.manager.update(Device, { id: In([...ids]) }, { acceptedAt: at });
  }

  async update(id: string, change: Partial<Pick<Device, 'name' | 'profileId' | 'labels' | 'lifecycle' | 'updatedAt'>>): Promise<void> {
    await this.manager.update(Device, { id }, change);
  }

  private query() {
    return this.manager.createQueryBuilder(Device, 'd').innerJoinAndSelect('d.presence', 'p');
  }
}
