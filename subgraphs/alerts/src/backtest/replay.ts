import {
  evaluateSample,
  evaluateTick,
  type ConditionNode,
  type NodeState,
  type Sample,
  type Tick,
  type Verdict,
} from '../evaluation/index.js';
import type { AlertKind } from '@pulsegraph/contracts';

/** What a rule would have raised. */
export interface ReplayedAlert {
  kind: AlertKind;
  startedAtUs: number;
  /** Null: it would still be open at the end. */
  resolvedAtUs: number | null;
  value: number | null;
}

/** What the live evaluator takes from the registry. */
export interface ReplaySurroundings {
  /** How long a value of that metric may be taken to hold. */
  freshUs(metric: string): number;
  /** How long that metric may be missing where the rule does not say. */
  missingAfterUs(metric: string): number;
  spo2Scale(atUs: number): 1 | 2;
  /** An alert that returns this soon is the same one. */
  reopenWithinUs: number;
}

/**
 * A rule over the stored readings of one device, by the nodes and in the order of live evaluation. Device time stands in for
 * the platform's: nobody stored when a silence was noticed.
 */
export class Replay implements Tick {
  readonly alerts: ReplayedAlert[] = [];
  evaluated = 0;
  atUs = 0;
  readonly unwatchedUs = 0;
  /** Connectivity has no history. */
  readonly connectivity = null;
  private state: NodeState;
  private readonly lastAtUs = new Map<string, number>();
  private heardUs: number;
  private readonly out: Verdict[] = [];
  private readonly sample: Sample = { metric: '', atUs: 0, value: 0, text: null, unit: '1', spo2Scale: 1 };
  private readonly tickBefore = (): Tick => this.at(this.sample.atUs);

  constructor(
    private readonly node: ConditionNode,
    private readonly surroundings: ReplaySurroundings,
    private readonly fromUs: number,
  ) {
    this.state = node.initial;
    this.heardUs = fromUs;
  }

  /** Readings of the device, oldest first over all its metrics. */
  feed(metric: string, unit: string, atUs: number, value: number, text: string | null): void {
    const { sample, node } = this;
    if (node.silences.length > 0) this.passSilence(atUs);
    sample.metric = metric;
    sample.unit = unit;
    sample.atUs = atUs;
    sample.value = value;
    sample.text = text;
    if (node.usesPatient) sample.spo2Scale = this.surroundings.spo2Scale(atUs);
    this.evaluated++;
    this.state = evaluateSample(node, this.state, sample, this.tickBefore, this.out);
    this.lastAtUs.set(metric, atUs);
    this.heardUs = atUs;
    if (node.silences.length > 0) this.state = evaluateTick(node, this.state, this.at(atUs), this.out);
    if (this.out.length > 0) this.settle();
  }

  /** Nothing more will come: what time alone would have found until then. */
  finish(toUs: number): void {
    this.passSilence(toUs);
    const due = this.node.dueAtUs(this.state);
    if (due !== null && due < toUs) this.state = evaluateTick(this.node, this.state, this.at(toUs), this.out);
    this.settle();
  }

  held(metric: string) {
    const atUs = this.lastAtUs.get(metric);
    return atUs === undefined ? undefined : { atUs, heldUntilUs: atUs + this.surroundings.freshUs(metric) };
  }

  get nowUs(): number {
    return this.atUs;
  }

  /** Before its first reading, a device is silent since the beginning. */
  heardAtUs(metric: string | null): number {
    return metric === null ? this.heardUs : (this.lastAtUs.get(metric) ?? this.fromUs);
  }

  missingAfterUs(metric: string): number {
    return this.surroundings.missingAfterUs(metric);
  }

  private at(atUs: number): Tick {
    this.atUs = atUs;
    return this;
  }

  /** Silences that fell due before something was heard again, in their order. */
  private passSilence(untilUs: number): void {
    const dues = this.node.silences
      .map(({ metric, afterUs }) => this.heardAtUs(metric) + (afterUs ?? this.missingAfterUs(metric ?? '')))
      .filter((due) => due > this.atUs && due < untilUs)
      .sort((a, b) => a - b);
    for (const due of dues) this.state = evaluateTick(this.node, this.state, this.at(due), this.out);
    if (this.out.length > 0) this.settle();
  }

  private settle(): void {
    for (const { move, kind, startedAtUs, atUs, value } of this.out) {
      const last = this.alerts.at(-1);
      if (move === 'RESOLVE' && last) last.resolvedAtUs = atUs;
      if (move !== 'RAISE') continue;
      const returns = last?.resolvedAtUs != null && atUs - last.resolvedAtUs < this.surroundings.reopenWithinUs;
      if (returns) last.resolvedAtUs = null;
      else this.alerts.push({ kind, startedAtUs, resolvedAtUs: null, value });
    }
    this.out.length = 0;
  }
}
