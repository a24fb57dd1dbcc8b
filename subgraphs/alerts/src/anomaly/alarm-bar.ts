/** Readings for which one anomaly is one alarm. */
const REST_READINGS = 80;
/** The rest goes on while the surprise stays above this share of the level, but not for longer than the second. */
const STILL_SURPRISING = 0.5;
const LONGEST_REST_READINGS = 1_000;
/** By how much each recent alarm raises the bar for the next one. */
const RAISE_PER_ALARM = 0.45;

export interface AlarmBarState {
  recentAlarms: number;
  restReadings: number;
  restedReadings: number;
}

/** Turns surprise into alarms that people can bear: one per anomaly, and rarer ones from a stream that alarms often. */
export class AlarmBar {
  private state: AlarmBarState = { recentAlarms: 0, restReadings: 0, restedReadings: 0 };

  constructor(private readonly level: number) {}

  /**
   * @param fadeReadings After so many readings an alarm counts half.
   * @returns Surprise against the bar as it stands now: 1 is an alarm, 0 while resting from one.
   */
  weigh(surprise: number, fadeReadings: number): number {
    const state = this.state;
    state.recentAlarms *= 2 ** (-1 / fadeReadings);
    if (state.restReadings > 0) {
      const lasts = surprise > STILL_SURPRISING * this.level && ++state.restedReadings < LONGEST_REST_READINGS;
      state.restReadings = (lasts ? Math.max(state.restReadings, REST_READINGS / 2) : state.restReadings) - 1;
      return 0;
    }
    const weight = surprise / this.level / (1 + RAISE_PER_ALARM * state.recentAlarms);
    if (weight >= 1) {
      state.recentAlarms += 1;
      state.restReadings = REST_READINGS;
      state.restedReadings = 0;
    }
    return weight;
  }

  snapshot(): AlarmBarState {
    return { ...this.state };
  }

  restore(state: AlarmBarState): void {
    this.state = { ...state };
  }
}
