import type { ConditionNode, NodeState, Sample, Tick } from './node.js';
import { AT_ONCE, IDLE, isActive, movePhase } from './phase.js';

interface CompositeState extends NodeState {
  readonly children: readonly NodeState[];
}

/** All, or any, of several conditions. A child that waits for its `for` or `clearAfter` counts as what it was. */
export function createCompositeNode(nodes: readonly ConditionNode[], how: 'all' | 'any'): ConditionNode {
  const initial: CompositeState = { phase: IDLE, evidence: null, children: nodes.map((node) => node.initial) };

  const advance = (before: NodeState, atUs: number, step: (node: ConditionNode, child: NodeState) => NodeState): CompositeState => {
    const state = before as CompositeState;
    let changed = false;
    const children = nodes.map((node, index) => {
      const child = state.children[index]!;
      const next = step(node, child);
      if (next !== child) changed = true;
      return next;
    });
    if (!changed) return state;
    const active = children.filter((child) => isActive(child.phase));
    const holds = how === 'all' ? active.length === children.length : active.length > 0;
    const phase = movePhase(state.phase, holds ? 'OVER' : 'CLEAR', atUs, AT_ONCE);
    if (phase === state.phase) return { ...state, children };
    if (phase === IDLE) return { phase, evidence: null, children };
    const parts = active.flatMap((child) => child.evidence ?? []);
    return { phase, evidence: { kind: 'COMPOSITE', metric: null, value: null, threshold: null, parts }, children };
  };

  return {
    metrics: [...new Set(nodes.flatMap((node) => node.metrics))],
    silences: nodes.flatMap((node) => node.silences),
    usesConnectivity: nodes.some((node) => node.usesConnectivity),
    usesPatient: nodes.some((node) => node.usesPatient),
    learns: nodes.some((node) => node.learns),
    initial,
    onSample: (state, sample: Sample) => advance(state, sample.atUs, (node, child) => node.onSample(child, sample)),
    onTick: (state, tick: Tick) => advance(state, tick.atUs, (node, child) => node.onTick(child, tick)),
    dueAtUs(state, afterUs) {
      const dues = (state as CompositeState).children.flatMap((child, index) => nodes[index]!.dueAtUs(child, afterUs) ?? []);
      return dues.length === 0 ? null : Math.min(...dues);
    },
  };
}

/** Of a composite; undefined for others. */
export function childrenOf(state: NodeState): readonly NodeState[] | undefined {
  return (state as Partial<CompositeState>).children;
}
