import type { Pool } from 'pg';
import type { RuleBook } from './rule-book.js';

/** Writes when rules were last evaluated, and why they failed: now and then, since nobody waits for it. */
export class EvaluationStore {
  private readonly writtenErrors = new Map<string, string>();

  constructor(
    private readonly pool: Pool,
    private readonly rules: RuleBook,
  ) {}

  async flush(): Promise<void> {
    const evaluated = [...this.rules.all()].filter(
      (rule) => rule.evaluatedAtMs > rule.flushedAtMs || (rule.error ?? undefined) !== this.writtenErrors.get(rule.id),
    );
    const rows = evaluated.map(({ id, organizationId, evaluatedAtMs, error }) => ({
      rule_id: id,
      organization_id: organizationId,
      at_ms: evaluatedAtMs || null,
      error,
    }));
    for (const [id, { organizationId, error }] of this.rules.broken) {
      if (this.writtenErrors.get(id) !== error) rows.push({ rule_id: id, organization_id: organizationId, at_ms: null, error });
    }
    if (rows.length === 0) return;
    await this.pool.query(
      `insert into rule_evaluation (rule_id, organization_id, last_evaluated_at, last_error)
       select rule_id, organization_id, to_timestamp(at_ms / 1000), error
       from jsonb_to_recordset($1) as r(rule_id uuid, organization_id uuid, at_ms double precision, error text) order by rule_id
       on conflict (rule_id) do update set
         last_evaluated_at = greatest(rule_evaluation.last_evaluated_at, excluded.last_evaluated_at), last_error = excluded.last_error`,
      [JSON.stringify(rows)],
    );
    for (const rule of evaluated) rule.flushedAtMs = rule.evaluatedAtMs;
    for (const { rule_id, error } of rows) {
      if (error === null) this.writtenErrors.delete(rule_id);
      else this.writtenErrors.set(rule_id, error);
    }
  }
}
