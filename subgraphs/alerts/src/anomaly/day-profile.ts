const DAY_MS = 86_400_000;
const SLOTS = 24;
const SLOT_MS = DAY_MS / SLOTS;
const DAYS = 14;

export interface DayProfileState {
  origin: number | null;
  /** Means of past days less the origin: slots × days of 32-bit floats, base64. */
  pastDays: string;
  /** One per slot: days held, where the next one goes, and the day being averaged with its count and mean. */
  held: number[];
  next: number[];
  day: number[];
  count: number[];
  mean: number[];
}

/**
 * What the same hour (UTC) of each of the last 14 days was like: 336 numbers, whatever the sampling rate. A value is
 * compared with the day it resembles most, so that weekends and weekdays need not be told apart.
 */
export class DayProfile {
  private origin: number | null = null;
  private readonly pastDays = new Float32Array(SLOTS * DAYS);
  private readonly held = new Array<number>(SLOTS).fill(0);
  private readonly next = new Array<number>(SLOTS).fill(0);
  private readonly day = new Array<number>(SLOTS).fill(0);
  private readonly count = new Array<number>(SLOTS).fill(0);
  private readonly mean = new Array<number>(SLOTS).fill(0);

  /**
   * Learns the value into today.
   * @returns Its distance to the closest of the past days at this hour; null while there is none.
   */
  distance(atMs: number, value: number): number | null {
    // Relative to the first value, because 32 bits cannot resolve a small swing on a large level.
    this.origin ??= value;
    const day = Math.floor(atMs / DAY_MS);
    const slot = Math.max(0, Math.min(SLOTS - 1, Math.floor((atMs - day * DAY_MS) / SLOT_MS)));
    if (this.count[slot]! > 0 && this.day[slot] !== day) this.close(slot);
    const distance = this.held[slot]! > 0 ? this.closest(slot, value - this.origin) : null;
    this.day[slot] = day;
    this.count[slot]! += 1;
    this.mean[slot]! += (value - this.mean[slot]!) / this.count[slot]!;
    return distance;
  }

  private close(slot: number): void {
    this.pastDays[slot * DAYS + this.next[slot]!] = Math.fround(this.mean[slot]! - this.origin!);
    this.next[slot] = (this.next[slot]! + 1) % DAYS;
    this.held[slot] = Math.min(DAYS, this.held[slot]! + 1);
    this.count[slot] = 0;
    this.mean[slot] = 0;
  }

  private closest(slot: number, value: number): number {
    let closest = Infinity;
    let least = Infinity;
    const from = slot * DAYS;
    for (let index = from; index < from + this.held[slot]!; index++) {
      const distance = value - this.pastDays[index]!;
      const size = distance < 0 ? -distance : distance;
      if (size >= least) continue;
      closest = distance;
      least = size;
    }
    return closest;
  }

  snapshot(): DayProfileState {
    const { origin, held, next, day, count, mean } = this;
    const bytes = Buffer.from(this.pastDays.buffer, this.pastDays.byteOffset, this.pastDays.byteLength);
    return {
      origin,
      pastDays: bytes.toString('base64'),
      held: [...held],
      next: [...next],
      day: [...day],
      count: [...count],
      mean: [...mean],
    };
  }

  restore(state: DayProfileState): void {
    this.origin = state.origin;
    new Uint8Array(this.pastDays.buffer).set(Buffer.from(state.pastDays, 'base64').subarray(0, this.pastDays.byteLength));
    for (const name of ['held', 'next', 'day', 'count', 'mean'] as const)
      for (let slot = 0; slot < SLOTS; slot++) this[name][slot] = state[name][slot]!;
  }
}
