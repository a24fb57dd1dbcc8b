import type { Pool } from 'pg';
import { addToRollups, type SeriesAggregate } from './rollup.repository.js';

export interface Flush {
  group: number;
  owner: string;
  minutes: SeriesAggregate[];
  fromUs: number;
  /** Start of a minute, or Infinity: nothing is pending. */
  toUs: number;
  /** Batches after this must be kept for recovery. */
  flushedSeq: number;
}

/** Another session has the group now and has read these minutes back from their batches. */
export class GroupLostError extends Error {
  override readonly name = 'GroupLostError';
}

/** Adds whole minutes to the rollups and moves the mark up to which rollups are complete, at once. Safe to repeat. */
export async function flush(pool: Pool, { group, owner, minutes, fromUs, toUs, flushedSeq }: Flush): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const { rows } = await client.query<{ owner: string; rolled_up_to_us: number }>(
      `select owner, extract(epoch from rolled_up_to)::float8 * 1e6 as rolled_up_to_us from telemetry.writer_group where "group" = $1 for update`,
      [group],
    );
    const { owner: holder, rolled_up_to_us: currentUs } = rows[0]!;
    if (holder !== owner) throw new GroupLostError(`Writer group ${group} has another owner.`);
    // Otherwise an attempt before this one committed without our hearing of it.
    if (Math.round(currentUs) === fromUs) {
      await addToRollups(client, minutes);
      await client.query(`update telemetry.writer_group set rolled_up_to = $2::timestamptz, flushed_seq = $3 where "group" = $1`, [
        group,
        toUs === Infinity ? 'infinity' : new Date(toUs / 1000),
        flushedSeq,
      ]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => (broken = cause));
    throw error;
  } finally {
    client.release(broken);
  }
}
