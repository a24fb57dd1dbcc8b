import { createAnomalyNode } from './anomaly.node.js';
import type { Condition, Evidence } from './condition.js';
import type { ConditionNode, NodeState, Sample, Tick } from './node.js';
import { childrenOf, createCompositeNode } from './composite.node.js';
import { createConnectivityNode, createSilenceNode } from './offline.node.js';
import { moveBetween, type Move } from './phase.js';
import { PastTick } from './past-tick.js';
import { createRateNode } from './rate.node.js';
import { createScoreNode } from './score.node.js';
import { createThresholdNode } from './threshold.node.js';
import { createTrendNode } from './trend.node.js';

/** What a person must hear of. */
export interface Verdict extends Evidence {
  move: Move;
  /** When the condition began. */
  startedAtUs: number;
  /** When this was found, in event time. */
  atUs: number;
  /** The value before, where live evaluation knows one: which way it goes. */
  previousValue?: number | null;
}

/** @throws For a condition of a kind unknown here: a newer release may have stored it. */
export function createNode(condition: Condition): ConditionNode {
  if ('threshold' in condition) return createThresholdNode(condition.threshold);
  if ('rateOfChange' in condition) return createRateNode(condition.rateOfChange);
  if ('trend' in condition) return createTrendNode(condition.trend);
  if ('anomaly' in condition) return createAnomalyNode(condition.anomaly);
  if ('earlyWarningScore' in condition) return createScoreNode(condition.earlyWarningScore);
  if ('all' in condition) return createCompositeNode(condition.all.map(createNode), 'all');
  if ('any' in condition) return createCompositeNode(condition.any.map(createNode), 'any');
  if ('offline' in condition) {
    const { metric, afterMs } = condition.offline;
    return metric === null && afterMs === null ? createConnectivityNode() : createSilenceNode(condition.offline);
  }
  throw new Error(`This evaluator does not know conditions of kind "${Object.keys(condition).join()}".`);
}

/**
 * One reading. A deadline that passed before it is settled first, so that it makes no difference whether a timer or this
 * reading found them: live evaluation and back-tests agree.
 */
export function evaluateSample(node: ConditionNode, state: NodeState, sample: Sample, tickBefore: () => Tick, out: Verdict[]): NodeState {
  const due = node.dueAtUs(state);
  const settled = due !== null && due < sample.atUs ? evaluateTick(node, state, tickBefore(), out) : state;
  const next = node.onSample(settled, sample);
  if (next !== settled) judge(settled, next, sample.atUs, sample.value, out);
  return next;
}

/**
 * Time. Every deadline on the way is passed at its own instant and in order: how late the timer came must not show in what is
 * found, nor in when it began.
 */
export function evaluateTick(node: ConditionNode, state: NodeState, tick: Tick, out: Verdict[]): NodeState {
  let current = state;
  for (let due = node.dueAtUs(current); due !== null && due < tick.atUs; due = node.dueAtUs(current, due)) {
    current = advance(node, current, new PastTick(tick, due + 1), out);
  }
  return advance(node, current, tick, out);
}

function advance(node: ConditionNode, state: NodeState, tick: Tick, out: Verdict[]): NodeState {
  const next = node.onTick(state, tick);
  if (next !== state) judge(state, next, tick.atUs, null, out);
  return next;
}

function judge(before: NodeState, after: NodeState, atUs: number, value: number | null, out: Verdict[]): void {
  const move = moveBetween(before.phase, after.phase);
  if (!move) return;
  const resting = move === 'RESOLVE' ? before : after;
  const evidence = resting.evidence ?? { kind: 'COMPOSITE', metric: null, value: null, threshold: null };
  out.push({
    ...evidence,
    // A resolution shows the value that resolved it.
    value: move === 'RESOLVE' ? value : evidence.value,
    move,
    startedAtUs: resting.phase.sinceUs,
    atUs,
  });
}

/** True when the difference must be stored: phases decide what happens after a restart, the newest values do not. */
export function mustStore(before: NodeState, after: NodeState): boolean {
  if (before === after) return false;
  if (before.phase !== after.phase) return true;
  const then = childrenOf(before);
  const now = childrenOf(after);
  return then !== undefined && now !== undefined && now.some((child, index) => mustStore(then[index]!, child));
}
