import type { EarlyWarningScoreCondition } from './condition.js';
import { scoreNews2, type Consciousness, type News2Parameter, type Vitals } from './news2.js';
import type { ConditionNode, NodeState, Sample } from './node.js';
import { AT_ONCE, IDLE, movePhase, type Level } from './phase.js';

/** The metrics that give NEWS2 its parameters; pulse takes the first of its two that is valid. */
export const SCORE_METRICS = {
  respiration: 'respiration',
  spo2: 'spo2',
  supplementalOxygen: 'oxygen',
  oxygenFlow: 'oxygen',
  systolic: 'systolic',
  pulse: 'pulse',
  heartRate: 'pulse',
  consciousness: 'consciousness',
  temperature: 'temperature',
} as const satisfies Record<string, News2Parameter>;
type ScoreMetric = keyof typeof SCORE_METRICS;
const METRICS = Object.keys(SCORE_METRICS) as ScoreMetric[];

type Measured = readonly [atUs: number, value: number | Consciousness];

interface ScoreState extends NodeState {
  readonly measured: Readonly<Partial<Record<ScoreMetric, Measured>>>;
}

const INITIAL: ScoreState = { phase: IDLE, evidence: null, measured: {} };

/**
 * Raises on what is certain: parameters that are missing could only add points. Ends only when all that the device ever
 * measured is valid and below: an absent value is no all-clear.
 */
export function createScoreNode({ score: limit, singleParameter, validForMs }: EarlyWarningScoreCondition): ConditionNode {
  const validForUs = validForMs * 1_000;

  const vitalsAt = (measured: ScoreState['measured'], atUs: number): Vitals => {
    const vitals: Record<string, unknown> = {};
    for (const metric of METRICS) {
      const found = measured[metric];
      const parameter = SCORE_METRICS[metric];
      if (!found || atUs - found[0] > validForUs || vitals[parameter] !== undefined) continue;
      vitals[parameter] = parameter === 'oxygen' ? (found[1] as number) > 0 : found[1];
    }
    return vitals as Vitals;
  };

  return {
    metrics: METRICS,
    silences: [],
    usesConnectivity: false,
    usesPatient: true,
    learns: false,
    initial: INITIAL,
    onSample(before: NodeState, sample: Sample): ScoreState {
      const value = readingOf(sample);
      const state = before as ScoreState;
      if (value === undefined) return state;
      const measured = { ...state.measured, [sample.metric]: [sample.atUs, value] as const };
      const score = scoreNews2(vitalsAt(measured, sample.atUs), sample.spo2Scale);
      const isOver = score.points >= limit || (singleParameter && score.hasThree);
      const everMeasured = new Set((Object.keys(measured) as ScoreMetric[]).map((metric) => SCORE_METRICS[metric]));
      const isKnown = !score.missing.some((parameter) => everMeasured.has(parameter));
      const level: Level = isOver ? 'OVER' : isKnown ? 'CLEAR' : 'BAND';
      const phase = movePhase(state.phase, level, sample.atUs, AT_ONCE);
      if (phase === state.phase) return { ...state, measured };
      if (phase === IDLE) return { ...INITIAL, measured };
      const evidence = { kind: 'EARLY_WARNING_SCORE', metric: null, value: score.points, threshold: limit, score } as const;
      return { phase, evidence, measured };
    },
    onTick: (state) => state,
    dueAtUs: () => null,
  };
}

/** Only in the units that the table is written in, or Fahrenheit. Undefined for what is none of its parameters. */
function readingOf({ metric, value, text, unit }: Sample): number | Consciousness | undefined {
  if (!(metric in SCORE_METRICS)) return undefined;
  if (metric === 'consciousness') return consciousnessOf(text);
  if (Number.isNaN(value)) return undefined;
  switch (metric as ScoreMetric) {
    case 'supplementalOxygen':
    case 'oxygenFlow':
      return value;
    case 'temperature':
      return unit === 'Cel' ? value : unit === '[degF]' ? ((value - 32) * 5) / 9 : undefined;
    case 'systolic':
      return unit === 'mm[Hg]' ? value : undefined;
    case 'spo2':
      return unit === '%' ? value : undefined;
    default:
      return unit === '/min' ? value : undefined;
  }
}

/** `A`, `alert`, `new confusion`, `V`, … */
function consciousnessOf(text: string | null): Consciousness | undefined {
  const letter = text
    ?.trim()
    .toUpperCase()
    .replace(/^NEW\s+/, '')[0];
  return letter !== undefined && 'ACVPU'.includes(letter) ? (letter as Consciousness) : undefined;
}
