import { errors } from '@pulsegraph/kit/errors';
import type { Pool } from 'pg';
import type { DeviceChangeKind } from './append-changes.js';
import type { DeviceFacts } from './device-facts.js';

/** A change as it was committed. */
export interface CommittedDeviceChange {
  deviceId: string;
  kind: DeviceChangeKind;
  at: Date;
  before: DeviceFacts | null;
  after: DeviceFacts;
}

/** The commit-ordered table behind `deviceChanged`. Service role: one reader serves every viewer of an organization. */
export class DeviceChangeRepository {
  constructor(private readonly pool: Pool) {}

  /** @throws CURSOR_EXPIRED when changes after `seq` have been pruned, or `seq` was never given out here. */
  async readAfter(organizationId: string, seq: number, limit: number) {
    // One statement, one snapshot: what is pruned and what is left belong together.
    const { rows } = await this.pool.query<
      { valid: boolean; seq: string | null; device_id: string } & Pick<CommittedDeviceChange, 'kind' | 'at' | 'before' | 'after'>
    >(
      `select coalesce(o.device_pruned_seq <= $2 and o.device_seq >= $2, $2 = 0) as valid, c.*
       from (select) as one
       left join devices.organization o on o.organization_id = $1
       left join lateral (
         select seq, device_id, kind, at, before, after from devices.device_change
         where organization_id = $1 and seq > $2 order by seq limit $3
       ) c on true
       order by c.seq`,
      [organizationId, seq, limit],
    );
    if (!rows[0]!.valid) throw errors.cursorExpired();
    return rows.flatMap((row) => {
      if (row.seq === null) return [];
      const { device_id, kind, at, before, after } = row;
      return [{ seq: Number(row.seq), change: { deviceId: device_id, kind, at, before, after } satisfies CommittedDeviceChange }];
    });
  }

  async latestSeq(organizationId: string): Promise<number> {
    const { rows } = await this.pool.query<{ seq: string }>(
      'select device_seq as seq from devices.organization where organization_id = $1',
      [organizationId],
    );
    return Number(rows[0]?.seq ?? 0);
  }

  /** Ends the replay of what is older. @returns Rows removed. */
  async prune(olderThan: Date): Promise<number> {
    const { rows } = await this.pool.query<{ count: string }>(
      `with gone as (
         delete from devices.device_change where at < $1 returning organization_id, seq
       ), marked as (
         update devices.organization o set device_pruned_seq = greatest(o.device_pruned_seq, g.seq)
         from (select organization_id, max(seq) as seq from gone group by organization_id) g
         where o.organization_id = g.organization_id
       )
       select count(*) from gone`,
      [olderThan],
    );
    return Number(rows[0]!.count);
  }
}
