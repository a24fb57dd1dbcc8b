import type { PlanNode } from '@apollo/query-planner';
import { Kind, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { DEFAULT_LIMITS } from '../limits/limits.js';
import { OperationStore, RefusedOperation } from '../operation/operation-store.js';
import type { PreparedOperation } from '../operation/prepared-operation.js';
import { livePlanOf } from '../subscriptions/live-plan.js';
import { buildGeneration } from '../supergraph/generation.js';

/** What an operation costs on one supergraph. */
export interface PlanSummary {
  /** Fetches one after the other: what a caller waits for. */
  hops: number;
  fetches: number;
  services: string[];
  cost: number;
}

/** What becomes of an open subscription: see `Family.migrate`, which does it. */
export type LiveImpact = 'ends' | 'replans' | 'unchanged';

/** A supergraph on which operations are validated and planned as the gateway would, and nothing is executed. */
export interface PlannedGraph {
  readonly schema: GraphQLSchema;
  /** Whether the document is valid here; it is not planned. */
  fits(document: string): boolean;
  /** Null: runs. Otherwise what a caller would be told. */
  refusal(document: string, operationName?: string): string[] | null;
  /** @returns null for what would be refused. */
  plan(document: string, operationName?: string): PlanSummary | null;
  /** @returns what `next` would do to this subscription, which runs here. */
  liveImpact(next: PlannedGraph, document: string, operationName?: string): LiveImpact;
  prepare(document: string, operationName?: string): PreparedOperation | RefusedOperation;
}

/** @throws when the text is no valid supergraph. */
export function planGraph(supergraphSdl: string): PlannedGraph {
  const generation = buildGeneration(supergraphSdl);
  const store = new OperationStore(generation, DEFAULT_LIMITS);
  const prepare = (document: string, operationName?: string) => {
    try {
      return store.prepare(document, operationName);
    } catch (error) {
      if (error instanceof RefusedOperation) return error;
      throw error;
    }
  };
  return {
    schema: generation.schema,
    prepare,
    fits: (document) => fits(generation.schema, parse(document, { noLocation: true })),
    refusal(document, operationName) {
      const prepared = prepare(document, operationName);
      return prepared instanceof RefusedOperation ? prepared.errors.map(({ message }) => message) : null;
    },
    plan(document, operationName) {
      const prepared = prepare(document, operationName);
      return prepared instanceof RefusedOperation ? null : summaryOf(prepared);
    },
    liveImpact(next, document, operationName) {
      const after = next.prepare(document, operationName);
      if (after instanceof RefusedOperation) return 'ends';
      const before = prepare(document, operationName);
      return before instanceof RefusedOperation ? 'replans' : compareLive(before, after);
    },
  };
}

function fits(schema: GraphQLSchema, document: DocumentNode): boolean {
  // graphql-js finds nothing wrong with a subscription on a schema that has none.
  const rooted = document.definitions.every((d) => d.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(d.operation));
  return rooted && validate(schema, document, undefined, { maxErrors: 1 }).length === 0;
}

function compareLive(before: PreparedOperation, after: PreparedOperation): LiveImpact {
  const [old, next] = [livePlanOf(before), livePlanOf(after)];
  // What ran for a class of viewers cannot go on as one person's, nor the other way about.
  if (old.personal !== next.personal) return 'ends';
  const same =
    old.service === next.service && old.query === next.query && JSON.stringify(old.eventPart.plan) === JSON.stringify(next.eventPart.plan);
  return same ? 'unchanged' : 'replans';
}

function summaryOf(prepared: PreparedOperation): PlanSummary {
  const nodes = prepared.live
    ? [prepared.live.primary, prepared.live.rest].filter((node) => node !== undefined)
    : prepared.parts.flatMap(({ plan }) => (plan.node && plan.node.kind !== 'Subscription' ? [plan.node] : []));
  const services: string[] = [];
  for (const node of nodes) collectServices(node, services);
  const depths = nodes.map(depthOf);
  // Parts of one operation run side by side; what completes an event runs after it has come.
  const hops = prepared.live ? depths.reduce((sum, depth) => sum + depth, 0) : Math.max(0, ...depths);
  return { hops, fetches: services.length, services: [...new Set(services)].sort(), cost: Math.round(prepared.cost({})) };
}

function depthOf(node: PlanNode): number {
  switch (node.kind) {
    case 'Fetch':
      return 1;
    case 'Sequence':
      return node.nodes.reduce((sum, each) => sum + depthOf(each), 0);
    case 'Parallel':
      return Math.max(0, ...node.nodes.map(depthOf));
    case 'Flatten':
      return depthOf(node.node);
    case 'Condition':
      return Math.max(node.ifClause ? depthOf(node.ifClause) : 0, node.elseClause ? depthOf(node.elseClause) : 0);
    default:
      return 0;
  }
}

function collectServices(node: PlanNode, into: string[]): void {
  switch (node.kind) {
    case 'Fetch':
      into.push(node.serviceName);
      return;
    case 'Sequence':
    case 'Parallel':
      for (const each of node.nodes) collectServices(each, into);
      return;
    case 'Flatten':
      return collectServices(node.node, into);
    case 'Condition':
      if (node.ifClause) collectServices(node.ifClause, into);
      if (node.elseClause) collectServices(node.elseClause, into);
  }
}
