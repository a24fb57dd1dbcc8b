import { IsNull, type EntityManager } from 'typeorm';
import { sqlOf } from '../change/sql.js';
import { Asset } from './asset.entity.js';

/** Places and machines, a tree. Deleted ones keep their row and are found by nobody. */
export class AssetRepository {
  constructor(private readonly manager: EntityManager) {}

  findByIds(ids: readonly string[]): Promise<Asset[]> {
    return this.query().where('a.id = any(:ids) and a.deletedAt is null', { ids }).getMany();
  }

  async findById(id: string): Promise<Asset | null> {
    return this.manager.findOneBy(Asset, { id, deletedAt: IsNull() });
  }

  /** Something is about to refer to it: it cannot be deleted before the transaction ends. */
  async share(id: string): Promise<boolean> {
    return (await sqlOf(this.manager)(`select from devices.asset where id = $1 and deleted_at is null for share`, [id])).length > 0;
  }

  async lock(id: string): Promise<Asset | null> {
    const rows = await sqlOf(this.manager)(`select from devices.asset where id = $1 and deleted_at is null for update`, [id]);
    return rows.length > 0 ? this.findById(id) : null;
  }

  /** Two moves at once could close a circle that neither sees: moves in one organization follow each other. */
  async lockTree(organizationId: string): Promise<void> {
    await sqlOf(this.manager)(`select pg_advisory_xact_lock(hashtextextended('asset-tree ' || $1, 0))`, [organizationId]);
  }

  async isWithin(id: string, ancestorId: string): Promise<boolean> {
    const [row] = await sqlOf(this.manager)<{ within: boolean }>(`select $2::uuid = any(devices.asset_path($1)) as within`, [
      id,
      ancestorId,
    ]);
    return row!.within;
  }

  async insert(asset: Asset): Promise<void> {
    await this.manager.insert(Asset, asset);
  }

  async update(id: string, change: Partial<Pick<Asset, 'name' | 'kind' | 'parentId' | 'deletedAt'>>): Promise<void> {
    await this.manager.update(Asset, { id }, change);
  }

  /** What keeps it from being deleted. */
  async usesOf(id: string): Promise<{ children: number; devices: number; patients: number }> {
    const [row] = await sqlOf(this.manager)<{ children: number; devices: number; patients: number }>(
      `select (select count(*)::int from devices.asset where parent_id = $1 and deleted_at is null) as children,
              (select count(*)::int from devices.assignment where asset_id = $1 and to_at is null) as devices,
              (select count(*)::int from devices.patient where bed_id = $1 and discharged_at is null) as patients`,
      [id],
    );
    return row!;
  }

  /** By name, `limit` per parent, beginning after (name, id). A parent of null stands for the roots. */
  async pageOfParents(
    parentIds: readonly (string | null)[],
    after: { name: string; id: string } | undefined,
    limit: number,
  ): Promise<Map<string | null, Asset[]>> {
    const rows = await sqlOf(this.manager)<{ id: string }>(
      `select a.id from unnest($1::uuid[]) as wanted(parent_id)
       cross join lateral (
         select a.id from devices.asset a
         where a.parent_id is not distinct from wanted.parent_id and a.deleted_at is null
           and ($2::text is null or (a.name, a.id) > ($2, $3::uuid))
         order by a.name, a.id limit $4
       ) a`,
      [parentIds, after?.name ?? null, after?.id ?? null, limit],
    );
    const found = await this.query()
      .where('a.id = any(:ids)', { ids: rows.map(({ id }) => id) })
      .orderBy('a.name')
      .addOrderBy('a.id')
      .getMany();
    const pages = new Map<string | null, Asset[]>();
    for (const asset of found) pages.set(asset.parentId, [...(pages.get(asset.parentId) ?? []), asset]);
    return pages;
  }

  async countOfParents(parentIds: readonly (string | null)[]): Promise<Map<string | null, number>> {
    const rows = await sqlOf(this.manager)<{ parent_id: string | null; count: number }>(
      `select a.parent_id, count(*)::int as count from devices.asset a
       where a.deleted_at is null and (a.parent_id = any($1::uuid[]) or (a.parent_id is null and $2))
       group by a.parent_id`,
      [parentIds.filter((id) => id !== null), parentIds.includes(null)],
    );
    return new Map(rows.map(({ parent_id, count }) => [parent_id, count]));
  }

  private query() {
    return this.manager.createQueryBuilder(Asset, 'a');
  }
}
