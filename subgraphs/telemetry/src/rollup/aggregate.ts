/**
 * Count, moments and extremes of the readings of one series in one span. Merging two gives what one would have given over
 * both, whatever the order (Chan, Golub, LeVeque 1979), so late data needs no second look at what is stored.
 */
export class Aggregate {
  count = 0;
  mean = 0;
  /** Sum of squared deviations of the value. */
  m2 = 0;
  min = Infinity;
  max = -Infinity;
  last = 0;
  lastAtUs = -Infinity;
  firstAtUs = Infinity;
  /** Mean time in seconds since `startUs`. */
  meanAt = 0;
  m2At = 0;
  /** Sum of products of the deviations of time and value. */
  co = 0;

  /** @param startUs Times are kept relative to this: in absolute seconds their squares would lose the digits that matter. */
  constructor(readonly startUs: number) {}

  add(atUs: number, value: number): void {
    const at = (atUs - this.startUs) / 1e6;
    const n = ++this.count;
    const dAt = at - this.meanAt;
    const dValue = value - this.mean;
    this.meanAt += dAt / n;
    this.mean += dValue / n;
    const restValue = value - this.mean;
    this.m2At += dAt * (at - this.meanAt);
    this.m2 += dValue * restValue;
    this.co += dAt * restValue;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (atUs > this.lastAtUs) {
      this.lastAtUs = atUs;
      this.last = value;
    }
    if (atUs < this.firstAtUs) this.firstAtUs = atUs;
  }

  merge(other: Readonly<Aggregate>): void {
    if (other.count === 0) return;
    const n = this.count + other.count;
    const dAt = other.meanAt + (other.startUs - this.startUs) / 1e6 - this.meanAt;
    const dValue = other.mean - this.mean;
    const weight = (this.count * other.count) / n;
    this.meanAt += (dAt * other.count) / n;
    this.mean += (dValue * other.count) / n;
    this.m2At += other.m2At + dAt * dAt * weight;
    this.m2 += other.m2 + dValue * dValue * weight;
    this.co += other.co + dAt * dValue * weight;
    this.count = n;
    if (other.min < this.min) this.min = other.min;
    if (other.max > this.max) this.max = other.max;
    if (other.lastAtUs > this.lastAtUs) {
      this.lastAtUs = other.lastAtUs;
      this.last = other.last;
    }
    if (other.firstAtUs < this.firstAtUs) this.firstAtUs = other.firstAtUs;
  }
}

export const MINUTE_US = 60_000_000;
export const HOUR_US = 3_600_000_000;
export const DAY_US = 86_400_000_000;

export function floorTo(us: number, unitUs: number): number {
  return Math.floor(us / unitUs) * unitUs;
}
