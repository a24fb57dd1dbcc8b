export interface SmootherState {
  count: number;
  mean: number;
}

/** Exponential moving average that starts as a plain mean, so that the first value does not weigh more than others. */
export class Smoother {
  private state: SmootherState = { count: 0, mean: 0 };
  private readonly weight: number;

  /** @param readings Length of the plain moving average of the same smoothness. */
  constructor(readings: number) {
    this.weight = 2 / (readings + 1);
  }

  next(value: number): number {
    const state = this.state;
    state.mean += Math.max(this.weight, 1 / ++state.count) * (value - state.mean);
    return state.mean;
  }

  snapshot(): SmootherState {
    return { ...this.state };
  }

  restore(state: SmootherState): void {
    this.state = { ...state };
  }
}
