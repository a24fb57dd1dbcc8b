import type { OfflineCondition } from './condition.js';
import type { ConditionNode, NodeState, Tick } from './node.js';
import { AT_ONCE, IDLE, movePhase } from './phase.js';

const INITIAL: NodeState = { phase: IDLE, evidence: null };

/** The device is OFFLINE, as the devices subgraph sees it. Never seen is not offline: it has not begun. */
export function createConnectivityNode(): ConditionNode {
  return {
    metrics: [],
    silences: [],
    usesConnectivity: true,
    usesPatient: false,
    learns: false,
    initial: INITIAL,
    onSample: (state) => state,
    onTick(state: NodeState, { connectivity }: Tick): NodeState {
      if (!connectivity) return state;
      const phase = movePhase(state.phase, connectivity.offline ? 'OVER' : 'CLEAR', connectivity.sinceUs, AT_ONCE);
      if (phase === state.phase) return state;
      return phase === IDLE ? INITIAL : { phase, evidence: { kind: 'DEVICE_OFFLINE', metric: null, value: null, threshold: null } };
    },
    dueAtUs: () => null,
  };
}

/** The device, or one metric of it, has been silent by the platform's clock. Began when it was last heard. */
export function createSilenceNode({ metric, afterMs }: OfflineCondition): ConditionNode {
  const afterUs = afterMs === null ? null : afterMs * 1_000;
  const kind = metric === null ? 'DEVICE_OFFLINE' : 'NO_DATA';
  return {
    metrics: metric === null ? [] : [metric],
    silences: [{ metric, afterUs }],
    usesConnectivity: false,
    usesPatient: false,
    learns: false,
    initial: INITIAL,
    // That it was heard reaches the node by a tick, which says when.
    onSample: (state) => state,
    onTick(state: NodeState, tick: Tick): NodeState {
      const heardAtUs = tick.heardAtUs(metric);
      if (heardAtUs === null) return state;
      const silentUs = tick.nowUs - heardAtUs - tick.unwatchedUs;
      const limitUs = afterUs ?? tick.missingAfterUs(metric ?? '');
      const phase = movePhase(state.phase, silentUs >= limitUs ? 'OVER' : 'CLEAR', heardAtUs, AT_ONCE);
      if (phase === state.phase) return state;
      return phase === IDLE ? INITIAL : { phase, evidence: { kind, metric, value: null, threshold: null } };
    },
    dueAtUs: () => null,
  };
}
