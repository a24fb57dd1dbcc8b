import type { Evidence, ThresholdCondition } from './condition.js';
import type { ConditionNode, NodeState, Sample, Tick } from './node.js';
import { dueAtUs, IDLE, movePhase, settlePhase, type Delay, type Level, type Phase } from './phase.js';

const INITIAL: NodeState = { phase: IDLE, evidence: null };

export function createThresholdNode(condition: ThresholdCondition): ConditionNode {
  const { metric, hysteresis } = condition;
  const above = condition.above ?? Infinity;
  const below = condition.below ?? -Infinity;
  const delay: Delay = { forUs: condition.forMs * 1_000, clearAfterUs: condition.clearAfterMs * 1_000 };

  const levelOf = (value: number): Level => {
    if (value > above || value < below) return 'OVER';
    return value <= above - hysteresis && value >= below + hysteresis ? 'CLEAR' : 'BAND';
  };
  const evidenceOf = (value: number): Evidence =>
    value > above
      ? { kind: 'THRESHOLD_EXCEEDED', metric, value, threshold: above }
      : { kind: 'THRESHOLD_BELOW', metric, value, threshold: below };
  const withPhase = (state: NodeState, phase: Phase): NodeState =>
    phase === state.phase ? state : phase === IDLE ? INITIAL : { ...state, phase };

  return {
    metrics: [metric],
    silences: [],
    usesConnectivity: false,
    usesPatient: false,
    learns: false,
    initial: INITIAL,
    onSample(state: NodeState, { metric: of, value, atUs }: Sample): NodeState {
      if (of !== metric) return state;
      const level = levelOf(value);
      const phase = movePhase(state.phase, level, atUs, delay);
      // The value at which the alert is raised is the newest one, not the first of a long `for`.
      if (level === 'OVER' && (phase.name === 'PENDING' || phase.name !== state.phase.name)) return { phase, evidence: evidenceOf(value) };
      return withPhase(state, phase);
    },
    onTick(state: NodeState, tick: Tick): NodeState {
      const held = tick.held(metric);
      return held ? withPhase(state, settlePhase(state.phase, tick.atUs, held.heldUntilUs, delay)) : state;
    },
    dueAtUs: (state, afterUs) => dueAtUs(state.phase, delay, afterUs),
  };
}
