import type { Severity } from '@pulsegraph/contracts';
import { createNode, shapeOf, type Condition, type ConditionNode } from '../evaluation/index.js';
import type { RuleTarget } from '../alert-rule/rule-target.js';

/** A row of `alert_rule` as the evaluator reads it. */
export interface RuleRow {
  id: string;
  organization_id: string;
  enabled: boolean;
  deleted: boolean;
  target: RuleTarget;
  condition: Condition;
  severity: Severity;
  version: number;
  armed: number;
  revision: string;
}

/** An enabled rule, compiled. Replaced, not changed, when its row changes. */
export interface LiveRule {
  readonly id: string;
  readonly organizationId: string;
  readonly target: RuleTarget;
  readonly condition: Condition;
  readonly severity: Severity;
  readonly node: ConditionNode;
  /** A state made for another shape does not fit; enabling a rule anew changes it too. */
  readonly shape: string;
  readonly version: number;
  /** Milliseconds by the platform's clock; 0 until it is evaluated. */
  evaluatedAtMs: number;
  flushedAtMs: number;
  error: string | null;
}

/** @throws What is wrong with a condition that no service of ours would have stored. */
export function compileRule(row: RuleRow): LiveRule {
  const { id, organization_id: organizationId, target, condition, severity, version } = row;
  const node = createNode(condition);
  const shape = `${shapeOf(condition)}#${row.armed}`;
  return { id, organizationId, target, condition, severity, node, shape, version, evaluatedAtMs: 0, flushedAtMs: 0, error: null };
}
