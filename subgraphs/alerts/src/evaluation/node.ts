import type { Evidence } from './condition.js';
import type { Phase } from './phase.js';

/** A reading, newer than every one before it of its series. */
export interface Sample {
  metric: string;
  /** recordedAt. */
  atUs: number;
  /** NaN for words. */
  value: number;
  text: string | null;
  /** UCUM. */
  unit: string;
  /** Which SpO2 scale holds for the patient; 1 where there is none. */
  spo2Scale: 1 | 2;
}

/** The newest reading of a series, and how long it may be taken to hold. */
export interface Held {
  atUs: number;
  heldUntilUs: number;
}

/** Time passed. */
export interface Tick {
  /** By the device's clock. */
  atUs: number;
  /** By the platform's clock, for silence. */
  nowUs: number;
  held(metric: string): Held | undefined;
  /** When the device, or that metric of it, was last heard of by the platform's clock; null: not while we watched. */
  heardAtUs(metric: string | null): number | null;
  /** How much of the time since then nobody watched, because no evaluator ran: it counts as no silence. */
  unwatchedUs: number;
  /** How long that metric may be missing where the rule does not say. */
  missingAfterUs(metric: string): number;
  /** How the devices subgraph sees it; null: never seen, or not known here. */
  connectivity: { offline: boolean; sinceUs: number } | null;
}

export interface Silence {
  /** Null: the device as a whole. */
  metric: string | null;
  /** Null: as long as makes the metric missing, which depends on the device's profile. */
  afterUs: number | null;
}

/** What a node remembers about one device. JSON; never changed in place, but for what an anomaly detector learns. */
export interface NodeState {
  readonly phase: Phase;
  /** What the phase rests on; null while IDLE. */
  readonly evidence: Evidence | null;
}

/** A condition, made ready for evaluation. Pure: no clock, no I/O, and the same input gives the same result. */
export interface ConditionNode {
  /** The metrics whose samples it wants. */
  readonly metrics: readonly string[];
  /** Silences that time alone brings about, in platform time. */
  readonly silences: readonly Silence[];
  readonly usesConnectivity: boolean;
  /** Wants `spo2Scale` in its samples. */
  readonly usesPatient: boolean;
  /** What it has learnt lies in its state and changes with every reading: worth storing now and then. */
  readonly learns: boolean;
  readonly initial: NodeState;
  onSample(state: NodeState, sample: Sample): NodeState;
  onTick(state: NodeState, tick: Tick): NodeState;
  /**
   * When `onTick` should come next, by the device's clock; null when only a sample changes anything.
   * @param afterUs Deadlines up to here have been looked at already. Default: none.
   */
  dueAtUs(state: NodeState, afterUs?: number): number | null;
}
