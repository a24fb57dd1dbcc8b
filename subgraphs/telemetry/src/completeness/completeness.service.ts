import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Clock } from '../clock.js';
import type { CoverageService } from '../rollup/coverage.service.js';
import type { Span } from '../series/series-columns.js';
import { planSpan } from '../series/series-span.js';
import type { CompletenessRepository } from './completeness.repository.js';

const MINUTE_MS = 60_000;
/** A span with more readings to be expected is counted by minutes. */
const RAW_READINGS = 20_000;

export interface CompletenessResult {
  expected: number;
  received: number;
  percent: number;
  gaps: Span[];
}

/** What should have arrived, by the profile's expected interval, against what did. */
export class CompletenessService {
  constructor(
    private readonly repository: CompletenessRepository,
    private readonly coverage: CoverageService,
    private readonly projection: RegistryProjection,
    private readonly now: Clock,
  ) {}

  /** Of [from, to) as far as it is past; before the first reading ever nothing was expected. @throws BAD_USER_INPUT, NOT_FOUND */
  async read(
    { organizationId }: Viewer,
    deviceId: string,
    metric: string,
    from: Date,
    to: Date,
    requestId: string,
  ): Promise<CompletenessResult> {
    if (from >= to) throw errors.badUserInput('from', 'must lie before to');
    const device = this.projection.device(deviceId);
    if (device?.organizationId !== organizationId) throw errors.notFound('device');
    const entry = this.projection.metric(device, metric);
    if (!entry) throw errors.badUserInput('metric', "is none of the device's profile, so nothing is expected of it");
    const toMs = Math.min(to.getTime(), this.now());
    const fromMs = Math.min(from.getTime(), toMs);
    const intervalMs = entry.expectedIntervalMs;
    // Words have no rollups.
    const byReading = entry.kind === 'TEXT' || (toMs - fromMs) / intervalMs <= RAW_READINGS;
    const plan = planSpan(fromMs, toMs, 1, await this.coverage.current(), byReading ? 1 : MINUTE_MS);
    const {
      count: received,
      firstMs,
      lastMs,
      hadBefore,
      gaps,
    } = await this.repository.read(organizationId, deviceId, metric, plan, 3 * intervalMs, requestId);

    const beginMs = hadBefore ? fromMs : (firstMs ?? toMs);
    const expected = Math.floor((toMs - beginMs) / intervalMs);
    const holes = [...gaps];
    if (beginMs === fromMs && (firstMs ?? toMs) - fromMs > 3 * intervalMs) holes.unshift({ fromMs, toMs: firstMs ?? toMs });
    if (lastMs !== null && toMs - lastMs > 3 * intervalMs) holes.push({ fromMs: lastMs, toMs });
    return { expected, received, percent: expected === 0 ? 100 : Math.min(100, (received / expected) * 100), gaps: holes };
  }
}
