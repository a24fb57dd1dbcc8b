import { tailSurprise } from './tail-surprise.js';

/** Far below what any sensor resolves, so that rounding of a constant is never a deviation. */
const RESOLUTION = 1e-9;
const SMALLEST_SPREAD = 1e-300;

export interface RunningGaussianState {
  count: number;
  mean: number;
  variance: number;
  largest: number;
}

/** Mean and variance of everything seen so far; once `count` passes the memory, older values fade exponentially. */
export class RunningGaussian {
  private state: RunningGaussianState = { count: 0, mean: 0, variance: 0, largest: 0 };

  get count(): number {
    return this.state.count;
  }

  get spread(): number {
    return Math.sqrt(Math.max(0, this.state.variance));
  }

  /** How surprising `value` is after what has been learnt, in decades. 0 until `warmUp` values have been learnt. */
  surprise(value: number, warmUp: number, leastSpread = 0): number {
    const { count, mean, largest } = this.state;
    if (count < warmUp) return 0;
    const resolution = RESOLUTION * Math.max(largest, Math.abs(value)) + SMALLEST_SPREAD;
    const deviation = Math.max(0, Math.abs(value - mean) - resolution);
    return tailSurprise(deviation / Math.max(this.spread, leastSpread, resolution));
  }

  learn(value: number, memoryReadings: number): void {
    const state = this.state;
    const weight = 1 / Math.min(++state.count, memoryReadings);
    const deviation = value - state.mean;
    state.mean += weight * deviation;
    state.variance += weight * (deviation * (value - state.mean) - state.variance);
    // Fades with the rest, or one wild value would blind the detector to small scales for ever.
    state.largest = Math.max(Math.abs(value), state.largest * (1 - weight));
  }

  snapshot(): RunningGaussianState {
    return { ...this.state };
  }

  restore(state: RunningGaussianState): void {
    this.state = { ...state };
  }
}
