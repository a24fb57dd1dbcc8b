import type { Pool } from 'pg';
import { DAY_US } from '../rollup/aggregate.js';

type Parent = 'reading' | 'reading_chunk' | 'rollup_minute' | 'rollup_hour';

const DAYS_AHEAD = 3;

/** Day partitions of readings, months of minutes, years of hours: made ahead for the days to come, on demand for late data. */
export class Partitions {
  private readonly known = new Set<string>();

  constructor(private readonly pool: Pool) {}

  /** So that midnight is not when partitions are made. */
  async ensureAhead(nowUs: number): Promise<void> {
    const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, day) => nowUs + day * DAY_US);
    await this.ensureDays(days);
  }

  /** All three tables can take what was recorded on these days. */
  async ensureDays(daysUs: Iterable<number>): Promise<void> {
    for (const us of daysUs) {
      const day = new Date(us / 1000).toISOString();
      await this.ensure('reading', us, day.slice(0, 10));
      await this.ensure('rollup_minute', us, day.slice(0, 7));
      await this.ensure('rollup_hour', us, day.slice(0, 4));
    }
  }

  /** @returns How many were dropped. */
  async dropBefore(parent: Parent, beforeUs: number): Promise<number> {
    // Forgotten first: were it dropped behind our back, the next batch of that day would fail until a restart.
    this.known.clear();
    const { rows } = await this.pool.query<{ dropped: number }>('select telemetry.drop_partitions($1, to_timestamp($2)) as dropped', [
      parent,
      beforeUs / 1e6,
    ]);
    this.known.clear();
    return rows[0]!.dropped;
  }

  /** After partitions were dropped elsewhere. */
  forget(): void {
    this.known.clear();
  }

  private async ensure(parent: Parent, us: number, span: string): Promise<void> {
    const key = `${parent} ${span}`;
    if (this.known.has(key)) return;
    await this.pool.query('select telemetry.ensure_partition($1, to_timestamp($2))', [parent, us / 1e6]);
    this.known.add(key);
  }
}
