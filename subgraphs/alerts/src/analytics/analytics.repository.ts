import type { Severity } from '@pulsegraph/contracts';
import type { AlertFilter } from '../alert/alert-filter.js';
import type { AlertRepository } from '../alert/alert.repository.js';
import { sqlOfManager } from '../sql.js';

export interface AnalyticsSpan {
  from: Date;
  /** Exclusive. */
  to: Date;
  now: Date;
}

/** As counted; what had no alert is absent. */
export interface AnalyticsCounts {
  raised: number;
  secondsToAcknowledge: number | null;
  secondsToResolve: number | null;
  bySeverity: { severity: Severity; count: number }[];
  perDay: { dayMs: number; count: number }[];
  badActors: { deviceId: string; deviceKey: string; ruleId: string; count: number }[];
  chattering: number;
  standing: number;
  floodPeriods: number;
}

const COLUMNS = {
  deviceId: 'device_id',
  deviceKey: 'device_key',
  ruleId: 'rule_id',
  severity: 'severity',
  raisedAt: 'raised_at',
  resolvedAt: 'resolved_at',
  occurrences: 'occurrences',
};

/** Raised in the span, or still open when it began: each way has an index. */
const IN_SPAN = `alert.raisedAt < :to and (alert.raisedAt >= :from or alert.status <> 'RESOLVED' or (alert.status = 'RESOLVED' and alert.resolvedAt >= :from))`;

/**
 * $1 from, $2 to, $3 now, over `in_span`. Its history is read once, with what the figures need of it.
 * A repeat says that the condition had gone before it came again, though the alert stayed open.
 */
const COUNTS = `
raised as (
  select * from in_span where raised_at >= $1
), history as materialized (
  select e.alert_id, e.no, e.at, e.transition, e.by_id, s.raised_at, s.resolved_at, s.occurrences
  from in_span s join alert_event e on e.alert_id = s.id
), acknowledged as (
  select min(at) - raised_at as took from history where transition = 'ACKNOWLEDGED' and raised_at >= $1 group by alert_id, raised_at
), coming as (
  select alert_id, no, transition, at as came, lead(at) over (partition by alert_id order by no) as went
  from history where occurrences >= 3 and transition in ('RAISED', 'REOPENED', 'REPEATED', 'RESOLVED')
), third as (
  select alert_id, came, lead(went, 2) over (partition by alert_id order by no) as went
  from coming where transition <> 'RESOLVED' and came >= $1 and came < $2
), opening as (
  select alert_id, transition, at as opened, coalesce(lead(at) over (partition by alert_id order by no), $3) as closed
  from history
  where coalesce(resolved_at, $3) > raised_at + interval '24 hours' and transition in ('RAISED', 'REOPENED', 'RESOLVED')
), operators as (
  select greatest(count(distinct by_id), 1) as count from history where at >= $1 and at < $2
), flood as (
  select 1 from raised group by date_bin('10 minutes', raised_at, $1) having count(*) > 10 * (select count from operators)
), severities as (
  select severity, count(*)::integer as count from raised group by severity
), days as (
  select date_bin('1 day', raised_at, '2000-01-01T00:00:00Z') as day, count(*)::integer as count from raised group by 1
), actors as (
  select device_id, rule_id, (array_agg(device_key order by raised_at desc))[1] as device_key, count(*)::integer as count
  from raised group by device_id, rule_id order by count desc, device_key, device_id, rule_id limit 10
)
select
  (select count(*) from raised)::integer as "raised",
  (select extract(epoch from avg(took))::double precision from acknowledged) as "secondsToAcknowledge",
  (select extract(epoch from avg(resolved_at - raised_at))::double precision from raised) as "secondsToResolve",
  (select coalesce(jsonb_agg(jsonb_build_object('severity', severity, 'count', count)), '[]') from severities) as "bySeverity",
  (select coalesce(jsonb_agg(jsonb_build_object('dayMs', extract(epoch from day) * 1000, 'count', count)), '[]') from days) as "perDay",
  (select coalesce(jsonb_agg(jsonb_build_object('deviceId', device_id, 'deviceKey', device_key, 'ruleId', rule_id, 'count', count)
     order by count desc, device_key, device_id, rule_id), '[]') from actors) as "badActors",
  (select count(distinct alert_id) from third where went - came <= interval '1 minute' and went < $2)::integer as "chattering",
  (select count(distinct alert_id) from opening
   where transition <> 'RESOLVED' and closed >= $1 and least(closed, $2) > opened + interval '24 hours')::integer as "standing",
  (select count(*) from flood)::integer as "floodPeriods"`;

/** Counts over alerts and their history, in one statement under row-level security. */
export class AnalyticsRepository {
  constructor(private readonly alerts: AlertRepository) {}

  count(organizationId: string, { from, to, now }: AnalyticsSpan, filter: AlertFilter): Promise<AnalyticsCounts> {
    return this.alerts.within(organizationId, async (manager) => {
      const query = (await this.alerts.filtered(manager, filter)).andWhere(IN_SPAN, { from, to }).select('alert.id', 'id');
      for (const [property, column] of Object.entries(COLUMNS)) query.addSelect(`alert.${property}`, column);
      const [inner, values] = query.getQueryAndParameters();
      // The filter's parameters come after the three of the span.
      const inSpan = inner.replace(/\$(\d+)/g, (_, no: string) => `$${Number(no) + 3}`);
      const [counts] = await sqlOfManager(manager)<AnalyticsCounts>(`with in_span as materialized (${inSpan}), ${typed(COUNTS)}`, [
        from,
        to,
        now,
        ...(values as unknown[]),
      ]);
      return counts!;
    });
  }
}

/** Postgres takes a parameter's type from where it stands first. */
const typed = (sql: string) => sql.replace(/\$([123])\b/g, '$$$1::timestamptz');
