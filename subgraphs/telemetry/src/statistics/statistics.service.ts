import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Clock } from '../clock.js';
import type { CoverageService } from '../rollup/coverage.service.js';
import { planSpan } from '../series/series-span.js';
import { medianWithin } from './median.js';
import type { StatisticsRepository } from './statistics.repository.js';

const HOUR_MS = 3_600_000;
const WINDOW_MS = { HOUR: HOUR_MS, DAY: 24 * HOUR_MS, WEEK: 168 * HOUR_MS } as const;

export class StatisticsService {
  constructor(
    private readonly repository: StatisticsRepository,
    private readonly coverage: CoverageService,
    private readonly projection: RegistryProjection,
    private readonly now: Clock,
  ) {}

  /** Of the window that ends now; null when it holds nothing. @throws BAD_USER_INPUT for a metric whose values are words. */
  async read({ organizationId }: Viewer, deviceId: string, metric: string, window: keyof typeof WINDOW_MS, requestId: string) {
    const device = this.projection.device(deviceId);
    const words = () => errors.badUserInput('metric', 'has words for values; see states');
    if (device && this.projection.metric(device, metric)?.kind === 'TEXT') throw words();
    // One microsecond beyond now belongs to the future.
    const toMs = this.now() + 1;
    const fromMs = toMs - WINDOW_MS[window];
    // Always by hours where it can be: merging is exact, so coarse pieces lose nothing.
    const coverage = await this.coverage.current();
    const plan = planSpan(fromMs, toMs, 1, coverage, HOUR_MS);
    const found = await this.repository.read(organizationId, deviceId, metric, plan, fromMs >= coverage.rawFromMs, requestId);
    if (!found) return null;
    if (found.kind === 'TEXT') throw words();
    const { aggregate, median, spreads } = found;
    const { count, mean: avg, min, max } = aggregate;
    if (count === 0) return null;
    const stdDev = count < 2 ? null : Math.sqrt(aggregate.m2 / (count - 1));
    const slopePerHour = count < 2 ? null : (aggregate.co / aggregate.m2At) * 3_600;
    const change = (slopePerHour ?? 0) * (WINDOW_MS[window] / HOUR_MS);
    const trend = Math.abs(change) < (stdDev ?? Infinity) || change === 0 ? 'STABLE' : change > 0 ? 'RISING' : 'FALLING';
    const middle = median === null ? medianWithin(spreads) : { median, medianError: 0 };
    return { metric, window, count, avg, min, max, ...middle, stdDev, slopePerHour, trend } as const;
  }
}
