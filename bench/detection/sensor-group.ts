import { createAnomalyDetector } from '@pulsegraph/alerts';

/** Root mean square of the sensors' surprises, 1 being the alarm level of each. Together they need less than one alone. */
const BEGINS_AT = 0.7;
const CONTINUES_ABOVE = 0.8 * BEGINS_AT;
const CALM_READINGS = 10;
const LONGEST_READINGS = 1_000;
/** One broken sensor is not the whole machine. */
const MOST_PER_SENSOR = 20;

/** Sensors of one machine, one detector each: is the machine in an anomalous state? */
export class SensorGroup {
  private readonly detectors;
  private anomalous = false;
  private calm = 0;
  private lasted = 0;

  constructor(sensors: number) {
    this.detectors = Array.from({ length: sensors }, () => createAnomalyDetector());
  }

  /** @param values One per sensor. @returns Whether the group is anomalous at this reading. */
  next(atMs: number, values: readonly number[]): boolean {
    let sum = 0;
    this.detectors.forEach((detector, index) => {
      detector.score(atMs, values[index]!);
      const surprise = Math.min(MOST_PER_SENSOR, detector.surprise / (1 - detector.surprise));
      sum += surprise * surprise;
    });
    this.decide(Math.sqrt(sum / this.detectors.length));
    // What is normal is not relearnt from what is not.
    for (const detector of this.detectors) detector.hold(this.anomalous);
    return this.anomalous;
  }

  private decide(surprise: number): void {
    if (!this.anomalous) {
      this.anomalous = surprise >= BEGINS_AT;
      this.calm = this.lasted = 0;
      return;
    }
    this.calm = surprise < CONTINUES_ABOVE ? this.calm + 1 : 0;
    if (this.calm >= CALM_READINGS || ++this.lasted >= LONGEST_READINGS) this.anomalous = false;
  }
}
