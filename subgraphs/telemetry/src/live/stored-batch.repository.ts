import type { StoredBatch } from '@pulsegraph/contracts';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';
import type { BatchPlace } from './batch-place.js';
import { decodeStoredReadings } from './stored-batch-codec.js';

const AFTER = `
select b."group", b.seq::float8 as seq, b.previous_seq::float8 as previous_seq, (extract(epoch from b.committed_at) * 1000000)::float8 as committed_us, b.payload
from telemetry.stored_batch b
left join unnest($2::int4[], $3::float8[], $4::float8[]) as p ("group", seq, until) using ("group")
where b.organization_id = $1 and b.seq > coalesce(p.seq, 0) and b.seq <= coalesce(p.until, 0)
order by b.committed_at, b."group", b.seq limit $5`;

interface Row {
  group: number;
  seq: number;
  previous_seq: number;
  committed_us: number;
  payload: Buffer;
}

export class StoredBatchRepository {
  constructor(private readonly pool: Pool) {}

  /** Batches after one place up to another, in commit order. */
  async between(organizationId: string, after: BatchPlace, until: BatchPlace, limit: number): Promise<StoredBatch[]> {
    const groups = [...until.keys()];
    const { rows } = await inOrganizationPool(this.pool, organizationId, (client) =>
      client.query<Row>({
        name: 'batches-between',
        text: AFTER,
        values: [organizationId, groups, groups.map((group) => after.get(group) ?? 0), groups.map((group) => until.get(group)!), limit],
      }),
    );
    return rows.map(({ group, seq, previous_seq: previousSeq, committed_us: committedAtUs, payload }) => ({
      group,
      seq,
      previousSeq,
      committedAtUs,
      devices: decodeStoredReadings(payload),
    }));
  }

  /** Where the organization's batches end. */
  async end(organizationId: string): Promise<BatchPlace> {
    const { rows } = await inOrganizationPool(this.pool, organizationId, (client) =>
      client.query<{ group: number; last_seq: number }>(
        `select "group", last_seq::float8 from telemetry.pipeline_counter where organization_id = $1 and last_seq > 0`,
        [organizationId],
      ),
    );
    return new Map(rows.map(({ group, last_seq: seq }) => [group, seq]));
  }
}
