import { randomUUID } from 'node:crypto';
import type { Sql } from '../store/store.js';
import type { CheckReport } from './check.js';

export interface CheckRun {
  id: string;
  subgraph: string;
  verdict: CheckReport['verdict'];
  author: string;
  commit: string;
  createdAt: Date;
  report: CheckReport;
}

export async function addCheckRun(sql: Sql, report: CheckReport, author: string, commit: string): Promise<string> {
  const id = randomUUID();
  await sql.rows('insert into check_run (id, subgraph, verdict, report, author, commit_id) values ($1, $2, $3, $4, $5, $6)', [
    id,
    report.subgraph,
    report.verdict,
    JSON.stringify(report),
    author,
    commit,
  ]);
  return id;
}

export const checkRuns = (sql: Sql, limit: number): Promise<CheckRun[]> =>
  sql.rows(
    `select id, subgraph, verdict, report, author, commit_id as "commit", created_at as "createdAt" from check_run order by created_at desc limit $1`,
    [limit],
  );
