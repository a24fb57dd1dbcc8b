import { SEVERITIES, type Viewer } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { checkFilter, type AlertFilter } from '../alert/alert-filter.js';
import { checkSpan, DAY_MS } from '../span.js';
import type { AnalyticsCounts, AnalyticsRepository } from './analytics.repository.js';
import type { AlertAnalytics } from './analytics.type.js';

const FLOOD_PERIOD_MS = 600_000;

export class AnalyticsService {
  constructor(
    private readonly repository: AnalyticsRepository,
    private readonly registry: RegistryProjection,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws BAD_USER_INPUT for an empty span or one of more than 400 days; NOT_FOUND and FORBIDDEN as for `alerts`. */
  async of(viewer: Viewer, from: Date, to: Date, filter: AlertFilter): Promise<AlertAnalytics> {
    checkSpan(from, to);
    checkFilter(filter, viewer, this.registry);
    const nowMs = this.now();
    const counts = await this.repository.count(viewer.organizationId, { from, to, now: new Date(nowMs) }, filter);
    const { raised, chattering, standing } = counts;
    const bySeverity = new Map(counts.bySeverity.map(({ severity, count }) => [severity, count]));
    return {
      raised,
      meanTimeToAcknowledgeSeconds: counts.secondsToAcknowledge,
      meanTimeToResolveSeconds: counts.secondsToResolve,
      bySeverity: SEVERITIES.map((severity) => ({ severity, count: bySeverity.get(severity) ?? 0 })),
      perDay: everyDay(from, to, counts.perDay),
      badActors: counts.badActors.map((actor) => ({ ...actor, percent: (100 * actor.count) / raised })),
      chattering,
      standing,
      floodPercent: (100 * counts.floodPeriods) / periodsBegun(from.getTime(), to.getTime(), nowMs),
    };
  }
}

/** Days without an alert are days too. */
function everyDay(from: Date, to: Date, counted: AnalyticsCounts['perDay']): AlertAnalytics['perDay'] {
  const byDay = new Map(counted.map(({ dayMs, count }) => [dayMs, count]));
  const days: AlertAnalytics['perDay'] = [];
  for (let dayMs = Math.floor(from.getTime() / DAY_MS) * DAY_MS; dayMs < to.getTime(); dayMs += DAY_MS) {
    days.push({ day: new Date(dayMs), count: byDay.get(dayMs) ?? 0 });
  }
  return days;
}

/** What is still to come must not make the past look calmer. One at least. */
function periodsBegun(fromMs: number, toMs: number, nowMs: number): number {
  const untilMs = Math.min(toMs, nowMs + 1);
  return Math.max(Math.ceil((untilMs - fromMs) / FLOOD_PERIOD_MS), 1);
}
