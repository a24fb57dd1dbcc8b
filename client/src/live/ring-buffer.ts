/** Points held at first; most series never need more. */
const INITIAL = 64;

/**
 * The newest points of one series in time order. Twice the points are held, so that those in use are always one contiguous
 * stretch: `t` and `v` are views, not copies. Memory grows with use up to the capacity, then never again.
 */
export class RingBuffer {
  private held: number;
  private times: Float64Array;
  private values: Float64Array;
  private start = 0;
  private end = 0;

  /** @param capacity Points kept; older ones fall out. */
  constructor(readonly capacity: number) {
    this.held = Math.min(capacity, INITIAL);
    this.times = new Float64Array(this.held * 2);
    this.values = new Float64Array(this.held * 2);
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

  /** False when the instant is already there, or too old to be kept. Late points find their place. */
  push(timeMs: number, value: number): boolean {
    let at = this.end;
    while (at > this.start && this.times[at - 1]! > timeMs) at--;
    if (at > this.start && this.times[at - 1] === timeMs) return false;
    const full = this.length === this.capacity;
    if (full && at === this.start) return false;
    if (this.end === this.times.length) at -= this.makeRoom();
    this.times.copyWithin(at + 1, at, this.end);
    this.values.copyWithin(at + 1, at, this.end);
    this.times[at] = timeMs;
    this.values[at] = value;
    this.end++;
    if (full) this.start++;
    return true;
  }

  /** Moves the points to the front, into more memory while there may be more. Returns by how far they moved. */
  private makeRoom(): number {
    const moved = this.start;
    const { t, v } = this;
    if (this.length > this.held / 2 && this.held < this.capacity) {
      this.held = Math.min(this.capacity, this.held * 2);
      this.times = new Float64Array(this.held * 2);
      this.values = new Float64Array(this.held * 2);
    }
    this.times.set(t);
    this.values.set(v);
    this.end -= moved;
    this.start = 0;
    return moved;
  }
}
