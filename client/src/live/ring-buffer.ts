/**
 * The newest points of one series in time order, in memory allocated once. Twice the capacity is held, so that the points
 * in use are always one contiguous stretch: `t` and `v` are views, not copies.
 */
export class RingBuffer {
  private readonly times: Float64Array;
  private readonly values: Float64Array;
  private start = 0;
  private end = 0;

  /** @param capacity Points kept; older ones fall out. */
  constructor(readonly capacity: number) {
    this.times = new Float64Array(capacity * 2);
    this.values = new Float64Array(capacity * 2);
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Milliseconds since 1970, ascending. Valid until the next push. */
  get t(): Float64Array {
    return this.times.subarray(this.start, this.end);
  }

  get v(): Float64Array {
    return this.values.subarray(this.start, this.end);
  }

  get lastTime(): number {
    return this.end > this.start ? this.times[this.end - 1]! : -Infinity;
  }

  /** False when the instant is already there, or too old to be kept. Late points find their place. */
  push(timeMs: number, value: number): boolean {
    let at = this.end;
    while (at > this.start && this.times[at - 1]! > timeMs) at--;
    if (at > this.start && this.times[at - 1] === timeMs) return false;
    const full = this.length === this.capacity;
    if (full && at === this.start) return false;
    if (this.end === this.times.length) at -= this.compact();
    this.times.copyWithin(at + 1, at, this.end);
    this.values.copyWithin(at + 1, at, this.end);
    this.times[at] = timeMs;
    this.values[at] = value;
    this.end++;
    if (full) this.start++;
    return true;
  }

  /** Moves the points to the front; once per `capacity` pushes, so a push costs the same however many there are. */
  private compact(): number {
    const moved = this.start;
    this.times.copyWithin(0, this.start, this.end);
    this.values.copyWithin(0, this.start, this.end);
    this.end -= moved;
    this.start = 0;
    return moved;
  }
}
