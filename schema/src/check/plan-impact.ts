import type { PlannedGraph, PlanSummary } from '@pulsegraph/gateway';
import { executionsOf, type KnownOperation } from './known-operation.js';

/** A busy operation that would be planned otherwise. */
export interface PlanChange {
  operation: string;
  executions: number;
  before: PlanSummary;
  after: PlanSummary;
  extraHops: number;
  extraFetches: number;
  extraCost: number;
}

/** @param busiest How many operations are planned, most executions first. */
export function planImpact(
  before: PlannedGraph,
  after: PlannedGraph,
  operations: readonly KnownOperation[],
  busiest: number,
): { planned: number; changes: PlanChange[] } {
  const chosen = operations
    .filter((operation) => executionsOf(operation) > 0)
    .sort((a, b) => executionsOf(b) - executionsOf(a))
    .slice(0, busiest);
  const changes: PlanChange[] = [];
  for (const operation of chosen) {
    const old = before.plan(operation.document, operation.name);
    const next = after.plan(operation.document, operation.name);
    if (!old || !next || same(old, next)) continue;
    changes.push({
      operation: operation.name,
      executions: executionsOf(operation),
      before: old,
      after: next,
      extraHops: next.hops - old.hops,
      extraFetches: next.fetches - old.fetches,
      extraCost: next.cost - old.cost,
    });
  }
  return { planned: chosen.length, changes: changes.sort((a, b) => b.extraHops - a.extraHops || b.executions - a.executions) };
}

const same = (a: PlanSummary, b: PlanSummary) =>
  a.hops === b.hops && a.fetches === b.fetches && a.cost === b.cost && a.services.join() === b.services.join();
