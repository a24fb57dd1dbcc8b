import type { EntityManager } from 'typeorm';
import { sqlOf } from '../change/sql.js';
import { DeviceProfile } from './profile.entity.js';

export class ProfileRepository {
  constructor(private readonly manager: EntityManager) {}

  findByIds(ids: readonly string[]): Promise<DeviceProfile[]> {
    return this.query().where('p.id = any(:ids)', { ids }).getMany();
  }

  async findById(id: string): Promise<DeviceProfile | null> {
    return this.manager.findOneBy(DeviceProfile, { id });
  }

  async insert(profile: DeviceProfile): Promise<void> {
    await this.manager.insert(DeviceProfile, profile);
  }

  /** @returns False when there is none of this id here. */
  async update(profile: DeviceProfile): Promise<boolean> {
    const { id, key, name, domain, metrics, offlineAfterMs, lateAfterMs } = profile;
    const { affected } = await this.manager.update(DeviceProfile, { id }, { key, name, domain, metrics, offlineAfterMs, lateAfterMs });
    return affected === 1;
  }

  async delete(id: string): Promise<boolean> {
    return (await this.manager.delete(DeviceProfile, { id })).affected === 1;
  }

  /** By key, beginning after it. */
  page(afterKey: string | null, limit: number): Promise<DeviceProfile[]> {
    const query = this.query().orderBy('p.key').limit(limit);
    return (afterKey === null ? query : query.where('p.key > :afterKey', { afterKey })).getMany();
  }

  async count(): Promise<number> {
    const [row] = await sqlOf(this.manager)<{ count: number }>('select count(*)::int as count from devices.device_profile');
    return row!.count;
  }

  private query() {
    return this.manager.createQueryBuilder(DeviceProfile, 'p');
  }
}
