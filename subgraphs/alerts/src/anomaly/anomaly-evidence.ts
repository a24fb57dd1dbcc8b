import { DayProfile, type DayProfileState } from './day-profile.js';
import { RunningGaussian, type RunningGaussianState } from './running-gaussian.js';
import { Smoother, type SmootherState } from './smoother.js';

const WARM_UP_READINGS = 60;
/** Habits show later than levels. */
const HABIT_WARM_UP_READINGS = 120;
const MEMORY_MS = 14 * 86_400_000;
const LEAST_MEMORY_READINGS = 10_000;
const MOST_MEMORY_READINGS = 2_000_000;
/** Beyond this more is not more: it keeps one absurd value from outweighing any bar. */
const MOST_SURPRISE = 60;
/** The day's profile holds 32-bit floats. */
const LARGEST_VALUE = 1e37;
/** What a Date can hold. */
const FARTHEST_MS = 8.64e15;

/** A repetitive signal may match its past days better than any sensor could: this share of its spread is always noise. */
const LEAST_HABIT_SPREAD = 0.03;
/** Keeps a flat stretch finite on the logarithmic scale of restlessness, as a share of the usual step. */
const LEAST_STEP = 0.05;
const LEAST_RESTLESSNESS_SPREAD = 1e-3;

const WEIGHTS = { value: 0.65, level: 1, trend: 1, habit: 1, restlessness: 0.7 };
type View = keyof typeof WEIGHTS;
const VIEWS = Object.keys(WEIGHTS) as View[];

export interface AnomalyEvidenceState {
  readings: number;
  atMs: number;
  intervalMs: number;
  previous: number;
  usualStep: number;
  held: boolean;
  views: Record<View, RunningGaussianState>;
  smoothers: Record<Exclude<View, 'value'>, SmootherState>;
  day: DayProfileState;
}

/**
 * How surprising a reading is in the light of those before it, seen in five ways at once: the value itself, its short and
 * its long average, its difference to the same hour of past days, and how restless it is (a sensor that froze or shakes).
 * Each is judged against the normal distribution of its own past; the joint surprise is their root of squares.
 */
export class AnomalyEvidence {
  private readonly views: Record<View, RunningGaussian> = {
    value: new RunningGaussian(),
    level: new RunningGaussian(),
    trend: new RunningGaussian(),
    habit: new RunningGaussian(),
    restlessness: new RunningGaussian(),
  };
  private readonly smoothers = {
    level: new Smoother(10),
    trend: new Smoother(45),
    habit: new Smoother(8),
    restlessness: new Smoother(20),
  };
  private readonly day = new DayProfile();
  private readings = 0;
  private atMs = 0;
  private intervalMs = 0;
  private previous = 0;
  private usualStep = 0;
  /** While held, what is normal stays as it was; time, averages and the day's profile go on. */
  held = false;

  get count(): number {
    return this.readings;
  }

  /** Older readings fade: 14 days of them, but at least 10,000. */
  get memoryReadings(): number {
    const readings = this.intervalMs > 0 ? MEMORY_MS / this.intervalMs : 0;
    return Math.min(MOST_MEMORY_READINGS, Math.max(LEAST_MEMORY_READINGS, readings));
  }

  /** @returns Decades of improbability, 0 to 60. A value that is no number, or a time that is no date, is not learnt and surprises nobody. */
  next(atMs: number, reading: number): number {
    if (!Number.isFinite(reading) || !(Math.abs(atMs) <= FARTHEST_MS)) return 0;
    const value = Math.max(-LARGEST_VALUE, Math.min(LARGEST_VALUE, reading));
    this.keepTime(atMs);
    const sum =
      this.judge('value', value, WARM_UP_READINGS) ** 2 +
      this.judge('level', this.smoothers.level.next(value), WARM_UP_READINGS) ** 2 +
      this.judge('trend', this.smoothers.trend.next(value), WARM_UP_READINGS) ** 2 +
      this.habit(atMs, value) ** 2 +
      this.restlessness(value) ** 2;
    this.previous = value;
    return Math.min(MOST_SURPRISE, Math.sqrt(sum));
  }

  private judge(view: View, value: number, warmUp: number, leastSpread = 0): number {
    const surprise = this.views[view].surprise(value, warmUp, leastSpread);
    if (!this.held) this.views[view].learn(value, this.memoryReadings);
    return WEIGHTS[view] * surprise;
  }

  private habit(atMs: number, value: number): number {
    const distance = this.day.distance(atMs, value);
    if (distance === null) return 0;
    const leastSpread = LEAST_HABIT_SPREAD * this.views.value.spread;
    return this.judge('habit', this.smoothers.habit.next(distance), HABIT_WARM_UP_READINGS, leastSpread);
  }

  private restlessness(value: number): number {
    if (this.readings < 2) return 0;
    const step = Math.abs(value - this.previous);
    this.usualStep += (step - this.usualStep) / Math.min(this.readings - 1, this.memoryReadings);
    const smoothed = this.smoothers.restlessness.next(step);
    if (this.readings <= 20) return 0;
    const restlessness = Math.log(smoothed + LEAST_STEP * this.usualStep + Number.MIN_VALUE);
    return this.judge('restlessness', restlessness, HABIT_WARM_UP_READINGS, LEAST_RESTLESSNESS_SPREAD);
  }

  private keepTime(atMs: number): void {
    this.readings += 1;
    // A late reading tells nothing of how often readings come.
    if (this.readings > 1 && atMs > this.atMs)
      this.intervalMs += (atMs - this.atMs - this.intervalMs) / Math.min(this.readings - 1, LEAST_MEMORY_READINGS);
    this.atMs = atMs;
  }

  snapshot(): AnomalyEvidenceState {
    const { readings, atMs, intervalMs, previous, usualStep, held } = this;
    const { level, trend, habit, restlessness } = this.smoothers;
    return {
      readings,
      atMs,
      intervalMs,
      previous,
      usualStep,
      held,
      views: Object.fromEntries(VIEWS.map((view) => [view, this.views[view].snapshot()])) as AnomalyEvidenceState['views'],
      smoothers: { level: level.snapshot(), trend: trend.snapshot(), habit: habit.snapshot(), restlessness: restlessness.snapshot() },
      day: this.day.snapshot(),
    };
  }

  restore(state: AnomalyEvidenceState): void {
    this.readings = state.readings;
    this.atMs = state.atMs;
    this.intervalMs = state.intervalMs;
    this.previous = state.previous;
    this.usualStep = state.usualStep;
    this.held = state.held;
    for (const view of VIEWS) {
      this.views[view].restore(state.views[view]);
      if (view !== 'value') this.smoothers[view].restore(state.smoothers[view]);
    }
    this.day.restore(state.day);
  }
}
