export type Point = readonly [atUs: number, value: number];

/** Points dropped at the front before the rest is moved. */
const SLACK = 256;

/**
 * Points in the order of time, as a value that never changes: adding one shares what came before, so that a window of any
 * length costs the same per reading. JSON is the plain list.
 */
export class RecentPoints {
  private constructor(
    private readonly items: Point[],
    private readonly from: number,
    private readonly to: number,
  ) {}

  static readonly NONE = new RecentPoints([], 0, 0);

  /** @param stored What was there, or its JSON. */
  static of(stored: RecentPoints | readonly Point[]): RecentPoints {
    return stored instanceof RecentPoints ? stored : new RecentPoints([...stored], 0, stored.length);
  }

  get first(): Point | undefined {
    return this.from < this.to ? this.items[this.from] : undefined;
  }

  get last(): Point | undefined {
    return this.from < this.to ? this.items[this.to - 1] : undefined;
  }

  /** Without what is older than the newest point at or before `atUs`; all of it where there is none. */
  since(atUs: number): RecentPoints {
    let from = this.from;
    while (from + 1 < this.to && this.items[from + 1]![0] <= atUs) from++;
    return from === this.from ? this : new RecentPoints(this.items, from, this.to);
  }

  with(point: Point): RecentPoints {
    // Somebody else has added to the same list, or too much of it is past.
    const isOwn = this.items.length === this.to && this.from < SLACK && this !== RecentPoints.NONE;
    const items = isOwn ? this.items : this.items.slice(this.from, this.to);
    items.push(point);
    return new RecentPoints(items, isOwn ? this.from : 0, items.length);
  }

  toJSON(): readonly Point[] {
    return this.items.slice(this.from, this.to);
  }
}
