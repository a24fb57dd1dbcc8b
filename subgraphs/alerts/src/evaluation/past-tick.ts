import type { Tick } from './node.js';

/** A moment that a tick came too late for. What is known is what the tick knows: nothing was heard in between. */
export class PastTick implements Tick {
  readonly nowUs: number;

  constructor(
    private readonly tick: Tick,
    readonly atUs: number,
  ) {
    this.nowUs = tick.nowUs - (tick.atUs - atUs);
  }

  held(metric: string) {
    return this.tick.held(metric);
  }

  heardAtUs(metric: string | null) {
    return this.tick.heardAtUs(metric);
  }

  get unwatchedUs() {
    return this.tick.unwatchedUs;
  }

  missingAfterUs(metric: string) {
    return this.tick.missingAfterUs(metric);
  }

  get connectivity() {
    return this.tick.connectivity;
  }
}
