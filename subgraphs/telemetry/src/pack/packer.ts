import type { Log } from '@pulsegraph/kit/log';
import type { Pool, PoolClient } from 'pg';
import { DAY_US, floorTo } from '../rollup/aggregate.js';

/** Hours merged per transaction: old readings that come meanwhile wait for it. */
const HOURS_PER_MERGE = 100;

const MERGE_LATE = `
with hours as (
  select distinct series_id, date_bin('1 hour', recorded_at, 'epoch') as bucket from telemetry.reading_late
  -- Not before its day is packed: until then a chunk has nobody's readings yet.
  where not (date_trunc('day', recorded_at) = any($2::timestamptz[])) limit $1),
late as (
  delete from telemetry.reading_late l using hours h
  where l.series_id = h.series_id and l.recorded_at >= h.bucket and l.recorded_at < h.bucket + interval '1 hour'
  returning l.series_id, h.bucket, (extract(epoch from l.recorded_at - h.bucket - interval '30 minutes') * 1000000)::int4 as at,
    l.value, l.received_after, l.flags, l.text),
known as (
  select c.series_id, c.bucket, u.at, u.value, u.received_after, coalesce(u.flags, 0::int2) as flags, u.text
  from hours h join telemetry.reading_chunk c using (series_id, bucket),
    unnest(c.at, c.value, c.received_after, c.flags, c.text) as u (at, value, received_after, flags, text)),
merged as (
  select series_id, bucket, array_agg(at order by at) as at, array_agg(value order by at) as value,
    array_agg(received_after order by at) as received_after,
    case when bool_or(flags <> 0) then array_agg(flags order by at) end as flags,
    case when bool_or(text is not null) then array_agg(text order by at) end as text
  from (select * from late union all select * from known) all_readings group by 1, 2)
insert into telemetry.reading_chunk (series_id, bucket, at, value, received_after, flags, text)
select series_id, bucket, at, value, received_after, flags, text from merged
on conflict (series_id, bucket) do update set at = excluded.at, value = excluded.value, received_after = excluded.received_after,
  flags = excluded.flags, text = excluded.text`;

/** Packs days that are past, and takes up what came late for them. One at a time over all writers. */
export class Packer {
  constructor(
    private readonly pool: Pool,
    private readonly log: Log,
  ) {}

  /** @param afterDays A day is packed when it is this many days past. */
  async run(nowUs: number, afterDays: number): Promise<void> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_lock(hashtext('telemetry-pack')) as locked`);
      if (!rows[0]!.locked) return;
      try {
        await this.pack(client, new Date(floorTo(nowUs - afterDays * DAY_US, DAY_US) / 1000));
      } finally {
        await client.query(`select pg_advisory_unlock(hashtext('telemetry-pack'))`);
      }
    } catch (error) {
      broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  private async pack(client: PoolClient, to: Date): Promise<void> {
    // Waits for batches that still write into those days; the next ones see the mark.
    await client.query('update telemetry.pack_mark set packed_to = $1 where packed_to < $1', [to]);
    const { rows } = await client.query<{ day: Date }>('select day from telemetry.unpacked_days() as day');
    for (const { day } of rows) {
      const packed = await client.query<{ chunks: string }>('select telemetry.pack_day($1) as chunks', [day]);
      this.log.info({ day, chunks: Number(packed.rows[0]!.chunks) }, 'Packed a day of readings');
      await client.query('select telemetry.drop_packed_day($1)', [day]);
    }
    await this.mergeLate(client);
  }

  private async mergeLate(client: PoolClient): Promise<void> {
    const unpacked = await client.query<{ day: Date }>('select day from telemetry.unpacked_days() as day');
    const days = unpacked.rows.map(({ day }) => day);
    const late = await client.query<{ day: Date }>(
      `select distinct date_trunc('day', recorded_at) as day from telemetry.reading_late where not (date_trunc('day', recorded_at) = any($1))`,
      [days],
    );
    for (const { day } of late.rows) await client.query(`select telemetry.ensure_partition('reading_chunk', $1)`, [day]);
    for (let merged = HOURS_PER_MERGE; merged === HOURS_PER_MERGE;) {
      await client.query('begin');
      try {
        // Batches with old readings wait: what they look for must not be on its way.
        await client.query('select from telemetry.pack_mark for update');
        merged = (await client.query(MERGE_LATE, [HOURS_PER_MERGE, days])).rowCount ?? 0;
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    }
  }
}
