import type { Pool } from 'pg';
import { inTransaction } from '../sql.js';

/** Away for longer than this, nobody was watching: such time counts as no silence. */
const WATCH_GAP_MS = 10_000;

/**
 * Notes that somebody watches. After a time when nobody did, every silence is given that time back first: our own absence
 * must not look like that of every device.
 */
export async function keepWatch(pool: Pool, nowMs: number): Promise<void> {
  await inTransaction(pool, async (sql) => {
    await sql(
      'insert into watch (watched_at) values (to_timestamp($1::double precision / 1000)) on conflict on constraint watch_pkey do nothing',
      [nowMs],
    );
    const [last] = await sql<{ watched_at: Date }>('select watched_at from watch for update');
    const gapMs = nowMs - last!.watched_at.getTime();
    if (gapMs > WATCH_GAP_MS) {
      await sql(
        `update rule_state set unwatched_us = unwatched_us + $1::bigint * 1000, due_at = due_at + $1 * interval '1 millisecond',
           version = version + 1, writer = gen_random_uuid(), updated_at = clock_timestamp()
         where due_at is not null`,
        [Math.round(gapMs)],
      );
    }
    await sql('update watch set watched_at = to_timestamp($1::double precision / 1000)', [nowMs]);
  });
}
