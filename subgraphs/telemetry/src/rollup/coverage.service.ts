import type { Pool } from 'pg';
import type { Coverage } from '../series/series-span.js';

const MINUTE_MS = 60_000;
/** A mark that is a little old is still true: rollups only ever become more complete. */
const FRESH_MS = 5_000;
/** A writer that starts anew begins this far back at most; see ROLLUP_GRACE_MS. */
const RESTART_MARGIN_MS = 2 * MINUTE_MS;

const READ = `
select extract(epoch from now())::float8 * 1000 as now_ms,
  (select extract(epoch from min(rolled_up_to))::float8 * 1000 from telemetry.writer_group) as rolled_up_to_ms,
  (select extract(epoch from dropped_before)::float8 * 1000 from telemetry.retention_mark where parent in ('reading', 'reading_chunk') order by 1 desc limit 1) as raw_from_ms,
  (select extract(epoch from dropped_before)::float8 * 1000 from telemetry.retention_mark where parent = 'rollup_minute') as minute_from_ms`;

/** How far each table of readings reaches, asked of the database every few seconds. */
export class CoverageService {
  private cached: { coverage: Promise<Coverage>; atMs: number } | null = null;

  constructor(private readonly pool: Pool) {}

  current(): Promise<Coverage> {
    const nowMs = performance.now();
    if (!this.cached || nowMs - this.cached.atMs > FRESH_MS) {
      const coverage = this.read();
      const cached = { coverage, atMs: nowMs };
      this.cached = cached;
      coverage.catch(() => {
        if (this.cached === cached) this.cached = null;
      });
    }
    return this.cached.coverage;
  }

  private async read(): Promise<Coverage> {
    const { rows } = await this.pool.query<Record<'now_ms' | 'rolled_up_to_ms' | 'raw_from_ms' | 'minute_from_ms', number | null>>(READ);
    const row = rows[0]!;
    const restartMs = Math.floor((row.now_ms! - RESTART_MARGIN_MS) / MINUTE_MS) * MINUTE_MS;
    return {
      rolledUpToMs: Math.min(row.rolled_up_to_ms ?? Infinity, restartMs),
      rawFromMs: row.raw_from_ms ?? -Infinity,
      minuteFromMs: row.minute_from_ms ?? -Infinity,
    };
  }
}
