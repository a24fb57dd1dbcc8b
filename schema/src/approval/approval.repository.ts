import { randomUUID } from 'node:crypto';
import type { Approval } from '../check/weigh-changes.js';
import type { Sql } from '../store/store.js';

export interface NewApproval {
  changeId: string;
  path: string;
  message: string;
  by: string;
  reason: string;
  days: number;
}

export async function addApproval(sql: Sql, { changeId, path, message, by, reason, days }: NewApproval): Promise<Approval> {
  const [row] = await sql.rows<{ expiresAt: Date }>(
    `insert into approval (id, change_id, path, message, approved_by, reason, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7)) returning expires_at as "expiresAt"`,
    [randomUUID(), changeId, path, message, by, reason, days],
  );
  return { changeId, by, reason, expiresAt: row!.expiresAt.toISOString() };
}

/** Approvals that still hold: neither expired nor used by a publish. */
export async function standingApprovals(sql: Sql): Promise<Approval[]> {
  const rows = await sql.rows<Omit<Approval, 'expiresAt'> & { expiresAt: Date }>(
    `select change_id as "changeId", approved_by as "by", reason, expires_at as "expiresAt"
     from approval where expires_at > now() and used_at is null order by created_at desc`,
  );
  return rows.map((row) => ({ ...row, expiresAt: row.expiresAt.toISOString() }));
}

/** What was approved has happened; the same change once more needs a new approval. */
export const useApprovals = async (sql: Sql, changeIds: readonly string[]): Promise<void> =>
  void (await sql.rows('update approval set used_at = now() where change_id = any($1) and used_at is null', [changeIds]));

/** A change that some check has told of lately. */
export async function findChange(sql: Sql, changeId: string): Promise<{ path: string; message: string; owner: string | null } | null> {
  const [row] = await sql.rows<{ change: { path: string; message: string; owner: string | null } }>(
    `select change from check_run cross join lateral jsonb_array_elements(report -> 'changes') as change
     where created_at > now() - interval '30 days' and change ->> 'id' = $1 order by created_at desc limit 1`,
    [changeId],
  );
  return row?.change ?? null;
}
