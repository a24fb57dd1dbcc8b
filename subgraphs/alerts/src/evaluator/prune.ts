import type { Pool } from 'pg';

const BATCH = 5_000;

/** Forgets changes older than the replay window; whoever was further behind is told by `pruned_to`. */
export async function pruneChanges(pool: Pool, beforeMs: number): Promise<void> {
  await pool.query(
    `with last as (
       select organization_id, max(seq) as seq from alert_change where at < to_timestamp($1::double precision / 1000) group by organization_id
     ), pruned as (
       update alert_change_head h set pruned_to = greatest(h.pruned_to, last.seq) from last where h.organization_id = last.organization_id
     )
     delete from alert_change c using last where c.organization_id = last.organization_id and c.seq <= last.seq`,
    [beforeMs],
  );
}

/** Deletes alerts that were resolved before then, with their history. */
export async function pruneAlerts(pool: Pool, beforeMs: number): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(
      `delete from alert where id in (
         select id from alert where status = 'RESOLVED' and resolved_at < to_timestamp($1::double precision / 1000) limit $2)`,
      [beforeMs, BATCH],
    );
    if ((rowCount ?? 0) < BATCH) return;
  }
}
