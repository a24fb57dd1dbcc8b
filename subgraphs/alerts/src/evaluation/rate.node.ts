import type { RateOfChangeCondition } from './condition.js';
import type { ConditionNode, NodeState, Sample } from './node.js';
import { AT_ONCE, IDLE, movePhase, type Phase } from './phase.js';

type Point = readonly [atUs: number, value: number];

interface RateState extends NodeState {
  /** From the newest point that is at least `over` old; no closer than a sixtieth of `over`. */
  readonly points: readonly Point[];
}

const POINTS = 60;
const MINUTE_US = 60_000_000;
const INITIAL: RateState = { phase: IDLE, evidence: null, points: [] };

/**
 * From the newest reading at least `over` old to the present one: where readings are further apart than `over`, from one to
 * the next. Says nothing before the first such span is complete.
 */
export function createRateNode({ metric, perMinuteAbove, overMs }: RateOfChangeCondition): ConditionNode {
  const overUs = overMs * 1_000;
  const spacingUs = overUs / POINTS;

  const pointsWith = (points: readonly Point[], atUs: number, value: number): readonly Point[] => {
    const last = points.at(-1);
    if (last && atUs - last[0] < spacingUs) return points;
    const anchor = Math.max(
      0,
      points.findLastIndex(([pointUs]) => atUs - pointUs >= overUs),
    );
    return [...points.slice(anchor), [atUs, value]];
  };

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
      const { phase, points, evidence } = state;
      const { atUs, value } = sample;
      const anchor = points.findLast(([pointUs]) => atUs - pointUs >= overUs);
      const kept = pointsWith(points, atUs, value);
      if (!anchor) return kept === points ? state : { phase, points: kept, evidence };
      const perMinute = ((value - anchor[1]) / (atUs - anchor[0])) * MINUTE_US;
      const next: Phase = movePhase(phase, Math.abs(perMinute) > perMinuteAbove ? 'OVER' : 'CLEAR', atUs, AT_ONCE);
      if (next === phase) return kept === points ? state : { phase, points: kept, evidence };
      const found = { kind: 'RATE_OF_CHANGE', metric, value: perMinute, threshold: perMinuteAbove } as const;
      return { phase: next, points: kept, evidence: next === IDLE ? null : found };
    },
    onTick: (state) => state,
    dueAtUs: () => null,
  };
}
