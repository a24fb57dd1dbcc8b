import type { Pool } from 'pg';
import { DAY_US } from '../rollup/aggregate.js';
import type { Partitions } from './partitions.js';

export interface Retention {
  /** Readings; also how late a reading may come. Default 90. */
  rawDays: number;
  /** Days of readings that are this long past are packed into a seventh of the space; at least 2. Default 7. */
  packAfterDays: number;
  /** Default 400. */
  minuteDays: number;
  /** Default 1096, three years. */
  hourDays: number;
  deadLetterDays: number;
  /** Of one organization; the oldest go first. */
  deadLetterCap: number;
  /** How far back a cursor may point. */
  replayWindowMs: number;
  /** Of all stored batches together; beyond it the window is shorter. */
  replayMaxBytes: number;
}

export const DEFAULT_RETENTION: Retention = {
  rawDays: 90,
  packAfterDays: 7,
  minuteDays: 400,
  hourDays: 1096,
  deadLetterDays: 30,
  deadLetterCap: 10_000,
  replayWindowMs: 3_600_000,
  replayMaxBytes: 2 * 1024 ** 3,
};

/** Batches that no cursor may name any more, except what recovery still needs. */
export async function pruneStoredBatches(pool: Pool, { replayWindowMs, replayMaxBytes }: Retention): Promise<void> {
  await pool.query(
    `with sized as (
       select "group", seq, committed_at, sum(octet_length(payload) + 200) over (order by committed_at desc, "group", seq desc) as bytes
       from telemetry.stored_batch)
     delete from telemetry.stored_batch b using sized s, telemetry.writer_group g
     where b."group" = s."group" and b.seq = s.seq and g."group" = b."group" and b.seq <= g.flushed_seq
       and (s.committed_at < now() - $1 * interval '1 millisecond' or s.bytes > $2)`,
    [replayWindowMs, replayMaxBytes],
  );
}

export async function pruneDeadLetters(pool: Pool, { deadLetterDays, deadLetterCap }: Retention): Promise<void> {
  await pool.query(`delete from telemetry.dead_letter where received_at < now() - $1 * interval '1 day'`, [deadLetterDays]);
  await pool.query(
    `with full_inbox as (select organization_id from telemetry.dead_letter group by 1 having count(*) > $1)
     delete from telemetry.dead_letter d using full_inbox f,
       lateral (select received_at, dead_letter_id from telemetry.dead_letter n where n.organization_id = f.organization_id
         order by received_at desc, dead_letter_id desc offset $1 limit 1) as oldest
     where d.organization_id = f.organization_id
       and (d.received_at, d.dead_letter_id) <= (oldest.received_at, oldest.dead_letter_id)`,
    [deadLetterCap],
  );
}

/** By dropping whole partitions: a day of readings goes in milliseconds and leaves nothing to vacuum. */
export async function dropOldPartitions(partitions: Partitions, retention: Retention, nowUs: number): Promise<void> {
  const rawFromUs = nowUs - retention.rawDays * DAY_US;
  await partitions.dropBefore('reading', rawFromUs);
  await partitions.dropBefore('reading_chunk', rawFromUs);
  await partitions.dropBefore('rollup_minute', nowUs - retention.minuteDays * DAY_US);
  await partitions.dropBefore('rollup_hour', nowUs - retention.hourDays * DAY_US);
}
