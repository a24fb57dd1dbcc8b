import type { RateOfChangeCondition } from './condition.js';
import type { ConditionNode, NodeState, Sample } from './node.js';
import { AT_ONCE, IDLE, movePhase, type Phase } from './phase.js';
import { RecentPoints, type Point } from './recent-points.js';

interface RateState extends NodeState {
  /** From the newest point that is at least `over` old; no closer than a sixtieth of `over`. */
  readonly points: RecentPoints | readonly Point[];
}

const POINTS = 60;
const MINUTE_US = 60_000_000;
const INITIAL: RateState = { phase: IDLE, evidence: null, points: RecentPoints.NONE };

/**
 * From the newest reading at least `over` old to the present one: where readings are further apart than `over`, from one to
 * the next. Says nothing before the first such span is complete.
 */
export function createRateNode({ metric, perMinuteAbove, overMs }: RateOfChangeCondition): ConditionNode {
  const overUs = overMs * 1_000;
  const spacingUs = overUs / POINTS;

  return {
    metrics: [metric],
    silences: [],
    usesConnectivity: false,
    usesPatient: false,
    learns: false,
    initial: INITIAL,
    onSample(before: NodeState, sample: Sample): RateState {
      const state = before as RateState;
      if (sample.metric !== metric || Number.isNaN(sample.value)) return state;
      const { phase, evidence } = state;
      const { atUs, value } = sample;
      const known = RecentPoints.of(state.points).since(atUs - overUs);
      const anchor = known.first && atUs - known.first[0] >= overUs ? known.first : undefined;
      const isClose = known.last !== undefined && atUs - known.last[0] < spacingUs;
      const points = isClose ? known : known.with([atUs, value]);
      const unchanged = () => (points === state.points ? state : { phase, points, evidence });
      if (!anchor) return unchanged();
      const perMinute = ((value - anchor[1]) / (atUs - anchor[0])) * MINUTE_US;
      const next: Phase = movePhase(phase, Math.abs(perMinute) > perMinuteAbove ? 'OVER' : 'CLEAR', atUs, AT_ONCE);
      if (next === phase) return unchanged();
      const found = { kind: 'RATE_OF_CHANGE', metric, value: perMinute, threshold: perMinuteAbove } as const;
      return { phase: next, points, evidence: next === IDLE ? null : found };
    },
    onTick: (state) => state,
    dueAtUs: () => null,
  };
}
