import { AlarmBar, type AlarmBarState } from './alarm-bar.js';
import { AnomalyEvidence, type AnomalyEvidenceState } from './anomaly-evidence.js';

export type AnomalySensitivity = 'LOW' | 'MEDIUM' | 'HIGH';

/** A score at or above this is an alarm, at every sensitivity. */
export const ANOMALY_ALARM_SCORE = 0.5;

/** Decades of improbability that make the first alarm of a stream. Where they come from: docs/adr/0010. */
const ALARM_LEVEL: Record<AnomalySensitivity, number> = { LOW: 7, MEDIUM: 5, HIGH: 4 };

/** Nothing is told of a stream before this many readings: two hours at one a minute. */
const SILENT_READINGS = 150;
/** An alarm counts half towards the bar after this share of the memory. */
const FADE_PER_MEMORY = 1.4;

const VERSION = 1;

export interface AnomalyDetectorOptions {
  sensitivity?: AnomalySensitivity;
}

/** JSON, at most 8 KiB, whatever the stream. */
export interface AnomalyDetectorState {
  version: number;
  evidence: AnomalyEvidenceState;
  bar: AlarmBarState;
}

export interface AnomalyDetector {
  /**
   * Takes the next reading of one series, in the order of its time.
   * @param atMs Unix time in milliseconds. Irregular intervals and gaps are fine.
   * @param value Any number; NaN and infinities score 0 and are not learnt.
   * @returns 0 to 1. The reading's surprise against the bar of this stream: 0.5 reaches it and is an alarm. It is 0 while
   *   the alarm before it lasts, so each alarm is one score of 0.5 or more. Depends on nothing after this reading.
   */
  score(atMs: number, value: number): number;
  /** The last reading's surprise on the same scale, but neither silenced by an alarm nor damped by earlier ones: tells when it is over. */
  readonly surprise: number;
  /**
   * While held, what counts as normal is not relearnt, so that a long anomaly does not become normal before it is over.
   * The caller bounds it: a new normal would otherwise surprise for ever.
   */
  hold(held: boolean): void;
  snapshot(): AnomalyDetectorState;
  /** @returns false, and starts afresh, if the state is not one of this version. */
  restore(state: unknown): boolean;
}

/** Streaming anomaly detection of one series: constant memory, no training, only the past. */
export function createAnomalyDetector({ sensitivity = 'MEDIUM' }: AnomalyDetectorOptions = {}): AnomalyDetector {
  const level = ALARM_LEVEL[sensitivity];
  let evidence = new AnomalyEvidence();
  let bar = new AlarmBar(level);
  let surprise = 0;
  return {
    score(atMs, value) {
      const decades = evidence.next(atMs, value);
      // The bar learns from the first alarms although nobody hears them: a stream that is wild by nature starts with a high one.
      const weight = bar.weigh(decades, FADE_PER_MEMORY * evidence.memoryReadings);
      const silent = evidence.count <= SILENT_READINGS;
      surprise = silent ? 0 : share(decades / level);
      return silent ? 0 : share(weight);
    },
    get surprise() {
      return surprise;
    },
    hold(held) {
      evidence.held = held;
    },
    snapshot: () => ({ version: VERSION, evidence: evidence.snapshot(), bar: bar.snapshot() }),
    restore(state) {
      evidence = new AnomalyEvidence();
      bar = new AlarmBar(level);
      surprise = 0;
      if (!isState(state)) return false;
      evidence.restore(state.evidence);
      bar.restore(state.bar);
      return true;
    },
  };
}

const share = (weight: number) => weight / (weight + 1);

function isState(state: unknown): state is AnomalyDetectorState {
  return typeof state === 'object' && state !== null && 'version' in state && state.version === VERSION;
}
