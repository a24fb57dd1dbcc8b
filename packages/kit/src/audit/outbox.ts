import type { AuditRecord } from '@pulsegraph/contracts';
import { grantTable, type DatabaseOwner, type Sql } from '../postgres/index.js';
import type { QueryRunner } from 'typeorm';

/** Nobody has heard of an outcome for this long: the process has died, and the trail says that it is unknown. */
const UNKNOWN_AFTER_S = 120;

export interface WaitingRecord {
  /** Rows of the outbox to forget once the record is in the trail. */
  seqs: string[];
  record: AuditRecord;
}

/** For a migration: the table that records wait in. The api role, which serves people, can write it and neither read nor change it. */
export async function createAuditOutbox(runner: QueryRunner, owner: DatabaseOwner): Promise<void> {
  await runner.query(`
    create table "${owner}".audit_outbox (
      seq bigint generated always as identity primary key,
      id uuid not null,
      kind text not null constraint audit_outbox_kind_check check (kind in ('EVENT', 'ATTEMPT', 'OUTCOME')),
      written_at timestamptz not null default now(),
      record jsonb not null,
      constraint audit_outbox_id_kind_key unique (id, kind)
    )`);
  await grantTable(runner, owner, 'audit_outbox', { api: 'insert', service: 'select, delete' });
}

/**
 * Records in the subgraph's own database until users has them. What a mutation attempts is written before it runs and how
 * it ended after, as two rows: a row that could be changed could be changed by anybody who gets hold of the role.
 */
export class AuditOutbox {
  constructor(
    private readonly owner: DatabaseOwner,
    private readonly api: Sql,
    private readonly service: Sql,
  ) {}

  add(kind: 'EVENT' | 'ATTEMPT' | 'OUTCOME', records: readonly AuditRecord[]): Promise<unknown> {
    return this.api(
      `insert into "${this.owner}".audit_outbox (id, kind, record)
       select (r ->> 'id')::uuid, $1, r from jsonb_array_elements($2::jsonb) with ordinality as t(r, place) order by place`,
      [kind, JSON.stringify(records)],
    );
  }

  /** What is ready for the trail, oldest first: an attempt is once its outcome is known, or can no longer be. */
  async waiting(limit: number): Promise<WaitingRecord[]> {
    const table = `"${this.owner}".audit_outbox`;
    const rows = await this.service<{ seq: string; kind: string; record: AuditRecord; outcome_seq: string | null; outcome: AuditRecord }>(
      `select a.seq, a.kind, a.record, o.seq as outcome_seq, o.record as outcome
       from ${table} a left join ${table} o on a.kind = 'ATTEMPT' and o.id = a.id and o.kind = 'OUTCOME'
       where a.kind = 'EVENT'
          or (a.kind = 'ATTEMPT' and (o.seq is not null or a.written_at < now() - make_interval(secs => $2)))
          or (a.kind = 'OUTCOME' and not exists (select from ${table} x where x.id = a.id and x.kind = 'ATTEMPT'))
       order by a.seq limit $1`,
      [limit, UNKNOWN_AFTER_S],
    );
    return rows.map(({ seq, kind, record, outcome_seq: outcomeSeq, outcome }) => {
      if (kind !== 'ATTEMPT') return { seqs: [seq], record };
      if (outcomeSeq !== null) return { seqs: [seq, outcomeSeq], record: outcome };
      return { seqs: [seq], record: { ...record, detail: { ...record.detail, outcome: 'UNKNOWN' } } };
    });
  }

  forget(seqs: readonly string[]): Promise<unknown> {
    return this.service(`delete from "${this.owner}".audit_outbox where seq = any($1::bigint[])`, [seqs]);
  }
}
