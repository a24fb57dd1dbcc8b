import { errors } from '@pulsegraph/kit/errors';
import { IsNull, type EntityManager } from 'typeorm';
import { sqlOf } from '../change/sql.js';
import { Assignment } from './assignment.entity.js';

export type AssignmentKind = 'ASSET' | 'PATIENT';
export const kindOf = ({ assetId }: Pick<Assignment, 'assetId'>): AssignmentKind => (assetId === null ? 'PATIENT' : 'ASSET');

/** Which device served which asset or patient, and when. */
export class AssignmentRepository {
  constructor(private readonly manager: EntityManager) {}

  findById(id: string): Promise<Assignment | null> {
    return this.manager.findOneBy(Assignment, { id });
  }

  async insert(assignments: readonly Assignment[]): Promise<void> {
    if (assignments.length > 0) await this.manager.insert(Assignment, [...assignments]);
  }

  /** @throws CONFLICT when somebody else, a discharge for example, has ended it since it was read. */
  async end(id: string, at: Date): Promise<void> {
    const { affected } = await this.manager.update(Assignment, { id, toAt: IsNull() }, { toAt: at });
    if (affected !== 1) throw errors.conflict('The assignment has just been ended by somebody else.');
  }

  async delete(id: string): Promise<void> {
    await this.manager.delete(Assignment, { id });
  }

  /** At most one of each kind, by the exclusion constraint. */
  openOf(deviceId: string): Promise<Assignment[]> {
    return this.manager.findBy(Assignment, { deviceId, toAt: IsNull() });
  }

  openOfDevices(deviceIds: readonly string[]): Promise<Assignment[]> {
    return this.query().where('a.deviceId = any(:deviceIds) and a.toAt is null', { deviceIds }).getMany();
  }

  openOfPatient(patientId: string): Promise<Assignment[]> {
    return this.manager.findBy(Assignment, { patientId, toAt: IsNull() });
  }

  openOfAsset(assetId: string): Promise<Assignment[]> {
    return this.manager.findBy(Assignment, { assetId, toAt: IsNull() });
  }

  /** Devices now assigned to the asset or anything below it. */
  async deviceIdsBelow(assetId: string): Promise<string[]> {
    const rows = await sqlOf(this.manager)<{ device_id: string }>(
      `select device_id from devices.assignment where to_at is null and asset_id in (select devices.asset_subtree($1))`,
      [assetId],
    );
    return rows.map(({ device_id }) => device_id);
  }

  /** Newest first, `limit` per device, beginning after (from, id). */
  async pageOfDevices(
    deviceIds: readonly string[],
    after: { fromUs: number; id: string } | undefined,
    limit: number,
  ): Promise<Map<string, { assignment: Assignment; fromUs: number }[]>> {
    const rows = await sqlOf(this.manager)<{ id: string; device_id: string; from_us: string }>(
      `select a.id, a.device_id, (extract(epoch from a.from_at) * 1000000)::bigint as from_us
       from unnest($1::uuid[]) as wanted(device_id)
       cross join lateral (
         select * from devices.assignment a where a.device_id = wanted.device_id
           and ($2::bigint is null or ((extract(epoch from a.from_at) * 1000000)::bigint, a.id) < ($2::bigint, $3::uuid))
         order by a.from_at desc, a.id desc limit $4
       ) a order by a.from_at desc, a.id desc`,
      [deviceIds, after?.fromUs ?? null, after?.id ?? null, limit],
    );
    const found = await this.query()
      .where('a.id = any(:ids)', { ids: rows.map(({ id }) => id) })
      .getMany();
    const byId = new Map(found.map((assignment) => [assignment.id, assignment]));
    const pages = new Map<string, { assignment: Assignment; fromUs: number }[]>();
    for (const row of rows) {
      const page = pages.get(row.device_id) ?? [];
      page.push({ assignment: byId.get(row.id)!, fromUs: Number(row.from_us) });
      pages.set(row.device_id, page);
    }
    return pages;
  }

  private query() {
    return this.manager.createQueryBuilder(Assignment, 'a');
  }
}
