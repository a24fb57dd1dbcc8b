import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { MINUTE_US, floorTo } from '../rollup/aggregate.js';
import { OpenMinutes } from '../rollup/minutes.js';
import { decodeStoredReadings } from '../live/stored-batch-codec.js';
import { SeriesDirectory } from './series-directory.js';

/** A reading may come this long after its minute ended without costing an update of a rollup. */
export const ROLLUP_GRACE_MS = 30_000;

const MAX_GROUPS = 64;
const LOCK = `pg_try_advisory_lock(hashtext('telemetry-writer'), $1)`;

export interface GroupState {
  group: number;
  /** Names this session in `writer_group.owner`. */
  owner: string;
  seq: number;
  /** Of the last batch. Grows with seq even when the clock steps back: replay is read in this order. */
  committedAtUs: number;
  previousSeqs: Map<string, number>;
  /** Start of a minute. */
  rolledUpToUs: number;
  open: OpenMinutes;
}

/** Takes the first group that no living session holds; the lock ends with this connection. */
export async function takeFreeGroup(client: ClientBase): Promise<number> {
  for (let group = 0; group < MAX_GROUPS; group++) if (await tryLock(client, group)) return group;
  throw new Error(`All ${MAX_GROUPS} writer groups are held by other writers.`);
}

async function tryLock(client: ClientBase, group: number): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`select ${LOCK} as locked`, [group]);
  return rows[0]!.locked;
}

/** Where the group's last session stood, with the minutes it had not flushed yet read back from its batches. */
export async function resumeGroup(client: ClientBase, group: number, directory: SeriesDirectory): Promise<GroupState> {
  const owner = randomUUID();
  // Waits for a flush that an earlier session has under way; from here on none of its can begin.
  const { rows } = await client.query<{ rolled_up_to_us: number; flushed_seq: number; now_us: number }>(
    `insert into telemetry.writer_group as g ("group", owner, rolled_up_to, flushed_seq, heartbeat_at)
     values ($1, $2, 'infinity', 0, now())
     on conflict ("group") do update set owner = excluded.owner, heartbeat_at = now()
     returning extract(epoch from rolled_up_to)::float8 * 1e6 as rolled_up_to_us, flushed_seq::float8, extract(epoch from now())::float8 * 1e6 as now_us`,
    [group, owner],
  );
  const { rolled_up_to_us: persistedUs, flushed_seq: flushedSeq, now_us: nowUs } = rows[0]!;
  const counters = await client.query<{ organization_id: string; last_seq: number }>(
    `select organization_id, last_seq::float8 from telemetry.pipeline_counter where "group" = $1`,
    [group],
  );
  const previousSeqs = new Map(counters.rows.map(({ organization_id: id, last_seq: seq }) => [id, seq]));
  const seq = Math.max(flushedSeq, ...previousSeqs.values());
  const newest = await client.query<{ us: number | null }>(
    `select extract(epoch from max(committed_at))::float8 * 1e6 as us from telemetry.stored_batch where "group" = $1`,
    [group],
  );
  const state = { group, owner, seq, previousSeqs, committedAtUs: Math.round(newest.rows[0]!.us ?? 0) };

  if (persistedUs === Infinity) {
    const rolledUpToUs = floorTo(nowUs - ROLLUP_GRACE_MS * 1000, MINUTE_US);
    await client.query(`update telemetry.writer_group set rolled_up_to = to_timestamp($2), flushed_seq = $3 where "group" = $1`, [
      group,
      rolledUpToUs / 1e6,
      seq,
    ]);
    return { ...state, rolledUpToUs, open: new OpenMinutes() };
  }
  const rolledUpToUs = Math.round(persistedUs);
  return { ...state, rolledUpToUs, open: await readBack(client, group, flushedSeq, rolledUpToUs, directory) };
}

const PAGE = 50;

async function readBack(client: ClientBase, group: number, flushedSeq: number, rolledUpToUs: number, directory: SeriesDirectory) {
  const open = new OpenMinutes();
  for (let after = flushedSeq; ;) {
    const { rows } = await client.query<{ seq: number; organization_id: string; rolled_up_to_us: number; payload: Buffer }>(
      `select seq::float8, organization_id, extract(epoch from rolled_up_to)::float8 * 1e6 as rolled_up_to_us, payload
       from telemetry.stored_batch where "group" = $1 and seq > $2 order by seq limit ${PAGE}`,
      [group, after],
    );
    for (const { seq, organization_id: organizationId, rolled_up_to_us: inBatchUs, payload } of rows) {
      // Earlier minutes than either of these are in the rollups already.
      const fromUs = Math.max(rolledUpToUs, Math.round(inBatchUs));
      const pending = decodeStoredReadings(payload).flatMap(({ deviceId, readings }) =>
        readings.flatMap((reading) =>
          reading.value !== null && reading.recordedAtUs >= fromUs ? [{ organizationId, deviceId, ...reading, value: reading.value }] : [],
        ),
      );
      const unknown = pending.filter((reading) => !directory.find(reading.deviceId, reading));
      if (unknown.length > 0) await directory.ensure(client, unknown);
      for (const reading of pending) open.add(directory.find(reading.deviceId, reading)!, reading.recordedAtUs, reading.value, seq);
      after = seq;
    }
    if (rows.length < PAGE) return open;
  }
}

/** Groups whose session ended without flushing: their minutes hold back the rollups for everybody. */
export async function* abandonedGroups(client: ClientBase): AsyncGenerator<GroupState> {
  const { rows } = await client.query<{ group: number }>(
    `select "group" from telemetry.writer_group where rolled_up_to < 'infinity' and heartbeat_at < now() - interval '30 seconds'`,
  );
  for (const { group } of rows) {
    if (!(await tryLock(client, group))) continue;
    try {
      yield await resumeGroup(client, group, new SeriesDirectory());
    } finally {
      await client.query(`select pg_advisory_unlock(hashtext('telemetry-writer'), $1)`, [group]);
    }
  }
}
