import { inject, Injectable } from '@angular/core';
import { Clock } from '../core/clock';
import { durationMs } from '../core/durations';
import { Graph } from '../core/graph';
import type { LiveStore } from '../live/live-store';
import { SeriesColumnsDocument } from '../live/readings.generated';
import type { OverviewNode } from './device-row';
import { SPARKLINE_MS } from '../charts/sparkline';

const POINTS = 120;
/** Series asked for in one request. */
const TOGETHER = 40;
/** Rows that get a past; those below grow theirs as they are watched. */
const ROWS = 60;

/** The ten minutes before the page was opened, so that a sparkline has a shape from the start. */
@Injectable()
export class SparklineHistory {
  private readonly graph = inject(Graph);
  private readonly clock = inject(Clock);
  private readonly filled = new Set<string>();

  async fill(store: LiveStore, nodes: readonly OverviewNode[]): Promise<void> {
    const toMs = this.clock.nowMs();
    const from = new Date(toMs - SPARKLINE_MS).toISOString();
    const to = new Date(toMs).toISOString();
    const requests = nodes
      .slice(0, ROWS)
      .filter(({ deviceId }) => !this.filled.has(deviceId))
      .flatMap(({ deviceId, device }) => {
        this.filled.add(deviceId);
        const numbers = device?.profile.metrics.filter(({ kind }) => kind === 'NUMBER') ?? [];
        return numbers.map(({ metric }) => ({ deviceId, metric, from, to, maxPoints: POINTS }));
      });
    try {
      for (let i = 0; i < requests.length; i += TOGETHER) {
        const { data } = await this.graph.query(SeriesColumnsDocument, { requests: requests.slice(i, i + TOGETHER) });
        for (const series of data.series) {
          if (!series) continue;
          const stepMs = (series.resolution && durationMs(series.resolution)) || 0;
          store.fill(store.of(series.deviceId, series.metric), series.columns, stepMs);
        }
      }
    } catch {
      // A sparkline without a past is still one; the values beside it are live.
    }
  }
}
