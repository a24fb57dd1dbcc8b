import { ANOMALY_ALARM_SCORE, createAnomalyDetector, type AnomalyDetector } from '../anomaly/index.js';
import type { AnomalyCondition } from './condition.js';
import type { ConditionNode, NodeState, Sample } from './node.js';
import { AT_ONCE, IDLE, movePhase, type Level } from './phase.js';

/** What has been learnt of a series. Changes in place with every reading; as JSON, what `restore` takes back. */
class Memory {
  /** Readings in a row that were no surprise, and readings since the alarm. */
  calm = 0;
  firing = 0;

  constructor(readonly detector: AnomalyDetector) {}

  toJSON(): object {
    return { detector: this.detector.snapshot(), calm: this.calm, firing: this.firing };
  }
}

interface AnomalyState extends NodeState {
  /** A `Memory`, its JSON after a restart, or null before the first reading. */
  readonly memory: unknown;
}

const INITIAL: AnomalyState = { phase: IDLE, evidence: null, memory: null };
/** Half the decades of an alarm, on the detector's scale. */
const CALM_SURPRISE = 1 / 3;
/** An anomaly is over after this many calm readings in a row. */
const CALM_READINGS = 10;
/** Longer than this, and it is the new normal: learning goes on. */
const LONGEST_HOLD_READINGS = 1_000;

export function createAnomalyNode({ metric, sensitivity }: AnomalyCondition): ConditionNode {
  const memoryOf = (stored: unknown): Memory => {
    if (stored instanceof Memory) return stored;
    const memory = new Memory(createAnomalyDetector({ sensitivity }));
    if (isStored(stored) && memory.detector.restore(stored.detector)) Object.assign(memory, { calm: stored.calm, firing: stored.firing });
    return memory;
  };

  const levelOf = (memory: Memory, isFiring: boolean, { atUs, value }: Sample): Level => {
    const { detector } = memory;
    const score = detector.score(atUs / 1_000, value);
    if (score >= ANOMALY_ALARM_SCORE) {
      memory.calm = 0;
      return 'OVER';
    }
    if (!isFiring) return 'CLEAR';
    memory.calm = detector.surprise < CALM_SURPRISE ? memory.calm + 1 : 0;
    return memory.calm >= CALM_READINGS ? 'CLEAR' : 'BAND';
  };

  return {
    metrics: [metric],
    silences: [],
    usesConnectivity: false,
    usesPatient: false,
    learns: true,
    initial: INITIAL,
    onSample(before: NodeState, sample: Sample): AnomalyState {
      const state = before as AnomalyState;
      if (sample.metric !== metric || Number.isNaN(sample.value)) return state;
      const memory = memoryOf(state.memory);
      const isFiring = state.phase.name === 'FIRING';
      const phase = movePhase(state.phase, levelOf(memory, isFiring, sample), sample.atUs, AT_ONCE);
      memory.firing = phase.name === 'IDLE' ? 0 : memory.firing + 1;
      memory.detector.hold(memory.firing > 0 && memory.firing < LONGEST_HOLD_READINGS);
      if (phase === state.phase) return memory === state.memory ? state : { ...state, memory };
      if (phase === IDLE) return { phase, evidence: null, memory };
      return { phase, evidence: { kind: 'DATA_ANOMALY', metric, value: sample.value, threshold: null }, memory };
    },
    onTick: (state) => state,
    dueAtUs: () => null,
  };
}

function isStored(stored: unknown): stored is { detector: unknown; calm: number; firing: number } {
  return typeof stored === 'object' && stored !== null && 'detector' in stored && 'calm' in stored && 'firing' in stored;
}
