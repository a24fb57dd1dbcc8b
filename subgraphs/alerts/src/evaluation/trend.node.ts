import type { TrendCondition } from './condition.js';
import type { ConditionNode, NodeState, Sample } from './node.js';
import { AT_ONCE, IDLE, movePhase, type Level } from './phase.js';

/** Mean instant and mean value of a sixtieth of the window. */
type Bucket = readonly [atUs: number, value: number];

interface TrendState extends NodeState {
  readonly buckets: readonly Bucket[];
  /** The bucket being filled: its number since 1970, and sums relative to its beginning. */
  readonly open: { readonly no: number; readonly count: number; readonly sumUs: number; readonly sumValue: number } | null;
  /** Where the line came from when the warning was raised: 1 below the limit, -1 above it, 0 while there is none. */
  readonly side: -1 | 0 | 1;
}

const BUCKETS = 60;
const LEAST_BUCKETS = 6;
/** The slope must be this many times its own standard error: noise alone has a slope too. */
const LEAST_T = 4;
/** A warning ends only when the limit has moved this much further away than `within`. */
const RELEASE = 1.25;
const INITIAL: TrendState = { phase: IDLE, evidence: null, buckets: [], open: null, side: 0 };

export interface Line {
  /** The fitted value at the newest bucket. */
  value: number;
  perUs: number;
  /** Slope over its standard error. */
  t: number;
}

/** Least squares through the buckets; undefined while they are too few or all at one instant. */
export function fitLine(buckets: readonly Bucket[]): Line | undefined {
  const count = buckets.length;
  if (count < LEAST_BUCKETS) return undefined;
  const originUs = buckets[count - 1]![0];
  let meanX = 0;
  let meanY = 0;
  for (const [atUs, value] of buckets) {
    meanX += (atUs - originUs) / count;
    meanY += value / count;
  }
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const [atUs, value] of buckets) {
    const x = atUs - originUs - meanX;
    const y = value - meanY;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  if (xx === 0) return undefined;
  const perUs = xy / xx;
  const residual = Math.max(0, yy - perUs * xy);
  const error = Math.sqrt(residual / (count - 2) / xx);
  return { value: meanY - perUs * meanX, perUs, t: error === 0 ? (perUs === 0 ? 0 : Infinity) : Math.abs(perUs) / error };
}

/** Judged once per bucket. What has crossed the limit stays a warning until it is back where it came from, heading elsewhere. */
export function createTrendNode({ metric, reaches, withinMs, overMs }: TrendCondition): ConditionNode {
  const bucketUs = (overMs * 1_000) / BUCKETS;
  const withinUs = withinMs * 1_000;

  const timeToReachUs = ({ value, perUs }: Line) => (perUs === 0 ? Infinity : (reaches - value) / perUs);
  const levelOf = (line: Line, side: TrendState['side']): Level => {
    const hasCrossed = side !== 0 && Math.sign(reaches - line.value) !== side;
    if (hasCrossed) return 'OVER';
    const inUs = timeToReachUs(line);
    if (inUs < 0 || inUs > withinUs * RELEASE) return 'CLEAR';
    if (inUs > withinUs) return 'BAND';
    return line.t >= LEAST_T ? 'OVER' : 'BAND';
  };

  const close = (state: TrendState): readonly Bucket[] => {
    const { no, count, sumUs, sumValue } = state.open!;
    const bucket: Bucket = [no * bucketUs + sumUs / count, sumValue / count];
    const oldestUs = no * bucketUs - overMs * 1_000;
    return [...state.buckets.filter(([atUs]) => atUs > oldestUs), bucket];
  };

  return {
    metrics: [metric],
    silences: [],
    usesConnectivity: false,
    usesPatient: false,
    learns: false,
    initial: INITIAL,
    onSample(before: NodeState, { metric: of, atUs, value }: Sample): TrendState {
      const state = before as TrendState;
      if (of !== metric || Number.isNaN(value)) return state;
      const no = Math.floor(atUs / bucketUs);
      const offsetUs = atUs - no * bucketUs;
      if (state.open?.no === no) {
        const { count, sumUs, sumValue } = state.open;
        return { ...state, open: { no, count: count + 1, sumUs: sumUs + offsetUs, sumValue: sumValue + value } };
      }
      const open = { no, count: 1, sumUs: offsetUs, sumValue: value };
      if (!state.open) return { ...state, open };
      const buckets = close(state);
      const spansUs = buckets.at(-1)![0] - buckets[0]![0];
      const line = spansUs >= (overMs * 1_000) / 2 ? fitLine(buckets) : undefined;
      if (!line) return { ...state, buckets, open };
      const phase = movePhase(state.phase, levelOf(line, state.side), atUs, AT_ONCE);
      if (phase === state.phase) return { ...state, buckets, open };
      if (phase === IDLE) return { ...INITIAL, buckets, open };
      const side = Math.sign(reaches - line.value) as TrendState['side'];
      const reachedInMs = Math.max(0, timeToReachUs(line) / 1_000);
      const evidence = { kind: 'TREND_WARNING', metric, value: line.value, threshold: reaches, reachedInMs } as const;
      return { phase, evidence, buckets, open, side };
    },
    onTick: (state) => state,
    dueAtUs: () => null,
  };
}
