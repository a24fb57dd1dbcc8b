import { planGraph, type PlannedGraph } from '@pulsegraph/gateway';
import type { GraphQLSchema } from 'graphql';
import { CompositionFailed, compose, type Composed } from '../composition/compose.js';
import { ContractFailed, applyContract, type ContractRules } from '../composition/contract.js';
import type { SchemaFault } from '../composition/fault.js';
import type { SubgraphSdl } from '../generate/subgraphs.js';
import { usesOf, type AffectedUse, type KnownOperation } from './known-operation.js';
import { lintNew, type LintFinding } from './lint.js';
import { liveImpact, type LiveImpactReport } from './live-impact.js';
import type { Owners } from './owners.js';
import { planImpact, type PlanChange } from './plan-impact.js';
import { weighChanges, type Approval, type WeighedChange } from './weigh-changes.js';

/** A graph with what is derived from it; made once and asked many times. */
export interface GraphView {
  composed: Composed;
  schema: GraphQLSchema;
  graph: PlannedGraph;
}

export function viewGraph(composed: Composed): GraphView {
  const graph = planGraph(composed.supergraphSdl);
  return { composed, schema: graph.schema, graph };
}

export interface CheckInput {
  /** What is published; null while nothing is. */
  published: { subgraphs: readonly SubgraphSdl[]; view: GraphView } | null;
  proposed: SubgraphSdl;
  operations: readonly KnownOperation[];
  windowDays: number;
  approvals: readonly Approval[];
  owners: Owners;
  contracts: readonly ({ name: string } & ContractRules)[];
  /** Operations whose plans are compared. */
  busiest: number;
  /** More extra hops than this in a busy operation fail the check; null: they are only told. */
  maxExtraHops: number | null;
  /** @throws CompositionFailed. Where views are kept, what was checked a moment ago is not composed and planned anew. */
  compose?: (subgraphs: readonly SubgraphSdl[], mine: string) => GraphView;
}

export interface CheckReport {
  subgraph: string;
  verdict: 'passed' | 'failed';
  /** Why it failed, a sentence each. */
  reasons: string[];
  faults: SchemaFault[];
  contractFaults: { contract: string; message: string }[];
  changes: WeighedChange[];
  /** Everybody with an operation that is valid now and would not be. */
  broken: AffectedUse[];
  live: LiveImpactReport | null;
  plans: { planned: number; changes: PlanChange[] } | null;
  lint: LintFinding[];
  /** What the verdict rests on. */
  looked: { operations: number; executions: number; documents: number; openSubscriptions: number; windowDays: number };
}

/** @returns Never throws for what is wrong with the proposal: that is the report. */
export async function check(input: CheckInput): Promise<{ report: CheckReport; after: GraphView | null }> {
  const { proposed, operations } = input;
  const report: CheckReport = {
    subgraph: proposed.name,
    verdict: 'passed',
    reasons: [],
    faults: [],
    contractFaults: [],
    changes: [],
    broken: [],
    live: null,
    plans: null,
    lint: [],
    looked: lookedAt(operations, input.windowDays),
  };
  const after = composeProposal(input, report);
  if (after) await judge(input, after, report);
  report.reasons = reasonsOf(report, input);
  report.verdict = report.reasons.length > 0 ? 'failed' : 'passed';
  return { report, after };
}

const composeView = (subgraphs: readonly SubgraphSdl[], mine: string) => viewGraph(compose(subgraphs, mine));

function composeProposal({ published, proposed, compose: view = composeView }: CheckInput, report: CheckReport): GraphView | null {
  try {
    return view([...(published?.subgraphs ?? []).filter(({ name }) => name !== proposed.name), proposed], proposed.name);
  } catch (error) {
    if (!(error instanceof CompositionFailed)) throw error;
    report.faults = [...error.faults];
    return null;
  }
}

async function judge(input: CheckInput, after: GraphView, report: CheckReport): Promise<void> {
  const { published, proposed, operations, owners, approvals, contracts, busiest } = input;
  report.lint = lintNew(published?.subgraphs.find(({ name }) => name === proposed.name) ?? null, proposed);
  for (const contract of contracts) {
    try {
      applyContract(contract.name, after.composed.supergraphSdl, contract);
    } catch (error) {
      if (!(error instanceof ContractFailed)) throw error;
      report.contractFaults.push({ contract: contract.name, message: error.message });
    }
  }
  if (!published) return;
  const before = published.view;
  const { changes, broken } = await weighChanges({ subgraph: proposed.name, before, after, operations, owners, approvals });
  report.changes = changes;
  report.broken = usesOf(broken);
  report.live = liveImpact(before.graph, after.graph, operations);
  report.plans = planImpact(before.graph, after.graph, operations, busiest);
}

function reasonsOf({ faults, contractFaults, changes, plans }: CheckReport, { maxExtraHops }: CheckInput): string[] {
  const reasons: string[] = [];
  if (faults.length > 0) reasons.push(`It does not compose: ${counted(faults.length, 'fault')}.`);
  for (const { message } of contractFaults) reasons.push(message);
  const breaking = changes.filter(({ verdict }) => verdict === 'breaks');
  if (breaking.length > 0) {
    const clients = new Set(breaking.flatMap(({ affected }) => affected.map(({ client, clientVersion }) => `${client} ${clientVersion}`)));
    reasons.push(`${counted(breaking.length, 'change')} would break ${[...clients].join(', ')}.`);
  }
  const slower = maxExtraHops === null ? [] : (plans?.changes ?? []).filter(({ extraHops }) => extraHops > maxExtraHops);
  if (slower.length > 0) reasons.push(`${counted(slower.length, 'busy operation')} would need more than ${maxExtraHops} extra hops.`);
  return reasons;
}

function lookedAt(operations: readonly KnownOperation[], windowDays: number): CheckReport['looked'] {
  const looked = { operations: operations.length, executions: 0, documents: 0, openSubscriptions: 0, windowDays };
  for (const { source, count } of operations.flatMap(({ uses }) => uses)) {
    if (source === 'usage') looked.executions += Math.round(count);
    else if (source === 'document') looked.documents += 1;
    else looked.openSubscriptions += count;
  }
  return looked;
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
