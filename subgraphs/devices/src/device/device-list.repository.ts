import type { Keyset } from '@pulsegraph/kit/pagination';
import { isUuid } from '@pulsegraph/contracts';
import type { EntityManager } from 'typeorm';
import type { DeviceCriteria } from '../change/device-filter.js';
import { isSortValue } from '../connection/keyset.js';
import { sqlOf } from '../change/sql.js';

export type DeviceOrderField = 'NAME' | 'KEY' | 'LAST_SEEN' | 'CREATED';
export interface DeviceOrdering {
  field: DeviceOrderField;
  direction: 'ASC' | 'DESC';
}

/** A device in a list, by its place: the value it is sorted by, and its id. */
export interface ListedDevice {
  id: string;
  sort: string | number;
}

// Instants as whole microseconds, which JSON holds exactly; never seen sorts before everything that was.
const SORTS: Record<DeviceOrderField, { expression: string; type: string; valueOf: 'string' | 'number' }> = {
  NAME: { expression: 'd.name', type: 'text', valueOf: 'string' },
  KEY: { expression: 'd.key', type: 'text', valueOf: 'string' },
  CREATED: { expression: '(extract(epoch from d.created_at) * 1000000)::bigint', type: 'bigint', valueOf: 'number' },
  LAST_SEEN: {
    expression: 'coalesce((extract(epoch from p.last_seen_at) * 1000000)::bigint, -1)',
    type: 'bigint',
    valueOf: 'number',
  },
};

/** Where `after` begins in this order; undefined when it is a cursor of another one. */
export function keysetOf({ field, direction }: DeviceOrdering, after: Keyset): ListedDevice | undefined {
  const [order, sort, id] = after;
  if (order !== `${field} ${direction}` || typeof id !== 'string' || !isUuid(id) || !isSortValue(sort, SORTS[field].valueOf))
    return undefined;
  return { id, sort: sort as string | number };
}

export const toKeyset = ({ field, direction }: DeviceOrdering, { sort, id }: ListedDevice): Keyset => [`${field} ${direction}`, sort, id];

/** Filters, orders and counts. Rows themselves come from device.repository.ts. */
export class DeviceListRepository {
  constructor(private readonly manager: EntityManager) {}

  async list(criteria: DeviceCriteria, order: DeviceOrdering, after: ListedDevice | undefined, limit: number): Promise<ListedDevice[]> {
    const query = new Conditions(criteria);
    const { expression, type, valueOf } = SORTS[order.field];
    const comparison = order.direction === 'ASC' ? '>' : '<';
    if (after) query.add(`(${expression}, d.id) ${comparison} (${query.value(after.sort)}::${type}, ${query.value(after.id)}::uuid)`);
    const rows = await sqlOf(this.manager)<{ id: string; sort: string }>(
      `select d.id, ${expression} as sort from devices.device d join devices.device_presence p on p.device_id = d.id
       where ${query.text} order by ${expression} ${order.direction}, d.id ${order.direction} limit ${query.value(limit)}`,
      query.values,
    );
    return rows.map(({ id, sort }) => ({ id, sort: valueOf === 'number' ? Number(sort) : sort }));
  }

  async count(criteria: DeviceCriteria): Promise<number> {
    const query = new Conditions(criteria);
    const [row] = await sqlOf(this.manager)<{ count: string }>(
      `select count(*) from devices.device d join devices.device_presence p on p.device_id = d.id where ${query.text}`,
      query.values,
    );
    return Number(row!.count);
  }

  async countByConnectivity(criteria: DeviceCriteria): Promise<Map<string, number>> {
    const query = new Conditions(criteria);
    const rows = await sqlOf(this.manager)<{ connectivity: string; count: string }>(
      `select p.connectivity, count(*) from devices.device d join devices.device_presence p on p.device_id = d.id
       where ${query.text} group by p.connectivity`,
      query.values,
    );
    return new Map(rows.map(({ connectivity, count }) => [connectivity, Number(count)]));
  }
}

/** Devices now assigned to each asset or patient itself, by name: a page per target, beginning after (name, id). */
export async function pageOfTargets(
  manager: EntityManager,
  target: 'asset_id' | 'patient_id',
  targetIds: readonly string[],
  after: { name: string; id: string } | undefined,
  limit: number,
): Promise<Map<string, { id: string; name: string }[]>> {
  const rows = await sqlOf(manager)<{ target_id: string; id: string; name: string }>(
    `select wanted.target_id, d.id, d.name from unnest($1::uuid[]) as wanted(target_id)
     cross join lateral (
       select d.id, d.name from devices.assignment a join devices.device d on d.id = a.device_id
       where a.${target} = wanted.target_id and a.to_at is null and d.accepted_at is not null
         and ($2::text is null or (d.name, d.id) > ($2, $3::uuid))
       order by d.name, d.id limit $4
     ) d order by d.name, d.id`,
    [targetIds, after?.name ?? null, after?.id ?? null, limit],
  );
  const pages = new Map<string, { id: string; name: string }[]>();
  for (const { target_id, id, name } of rows) pages.set(target_id, [...(pages.get(target_id) ?? []), { id, name }]);
  return pages;
}

export async function countOfTargets(
  manager: EntityManager,
  target: 'asset_id' | 'patient_id',
  targetIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sqlOf(manager)<{ target_id: string; count: number }>(
    `select a.${target} as target_id, count(*)::int as count from devices.assignment a join devices.device d on d.id = a.device_id
     where a.${target} = any($1::uuid[]) and a.to_at is null and d.accepted_at is not null group by a.${target}`,
    [targetIds],
  );
  return new Map(rows.map(({ target_id, count }) => [target_id, count]));
}

const escapeLike = (text: string) => text.replace(/[\\%_]/g, '\\$&');

/** DeviceCriteria as SQL over `d` and `p`; asks what device-filter.ts asks in memory. */
class Conditions {
  readonly values: unknown[] = [];
  private readonly parts = ['d.accepted_at is not null'];

  constructor({ ids, search, profileId, assetId, patientId, connectivity, labels, lifecycle }: DeviceCriteria) {
    if (ids) this.add(`d.id = any(${this.value(ids)}::uuid[])`);
    if (lifecycle) this.add(`d.lifecycle = ${this.value(lifecycle)}`);
    if (profileId) this.add(`d.profile_id = ${this.value(profileId)}::uuid`);
    if (connectivity) this.add(`p.connectivity = ${this.value(connectivity)}`);
    if (assetId) this.addOpenAssignment(`asset_id in (select devices.asset_subtree(${this.value(assetId)}::uuid))`);
    if (patientId) this.addOpenAssignment(`patient_id = ${this.value(patientId)}::uuid`);
    if (labels?.length) {
      const wanted = labels.map(({ key, value }) => ({ key, value }));
      this.add(`d.labels @> ${this.value(JSON.stringify(wanted))}::jsonb`);
    }
    if (search) {
      const pattern = this.value(`%${escapeLike(search)}%`);
      this.add(`(d.name ilike ${pattern} or d.key ilike ${pattern})`);
    }
  }

  get text(): string {
    return this.parts.join(' and ');
  }

  add(condition: string): void {
    this.parts.push(condition);
  }

  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  private addOpenAssignment(condition: string): void {
    this.add(`d.id in (select device_id from devices.assignment where to_at is null and ${condition})`);
  }
}
