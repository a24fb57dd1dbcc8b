import type { ProfileChoice } from '../core/choices';
import { faultsOf, RequestFailed } from '../core/faults';
import { formatCount, formatNumber, formatReading } from '../core/format';
import type { AlertRuleInput, ConditionInput } from '../core/schema.generated';
import type { BacktestAlertRuleQuery } from './backtest.generated';
import { metricOf } from './condition-draft';

const DAY_MS = 86_400_000;
export const BACKTEST_SPANS = [
  { days: 1, name: 'Last day' },
  { days: 7, name: 'Last 7 days' },
  { days: 30, name: 'Last 30 days' },
] as const;

/** What a test found, and what it was asked. */
export interface BacktestResult {
  asked: string;
  days: number;
  found: BacktestAlertRuleQuery['backtestAlertRule'];
}

export function startOf(days: number, toMs: number): string {
  return new Date(toMs - days * DAY_MS).toISOString();
}

/** All of them: the answer lists the first thousand only. */
export function totalOf({ days, found }: BacktestResult): number {
  return Math.round(found.alertsPerDay * days);
}

function spanText(days: number): string {
  return days === 1 ? 'in the last day' : `in the last ${days} days`;
}

export function outcomeText(result: BacktestResult): string {
  const { days, found } = result;
  if (found.evaluated === 0) return `Nothing to test on: no reading that this rule looks at was stored ${spanText(days)}.`;
  const total = totalOf(result);
  if (total === 0) return `It would have raised no alert ${spanText(days)}.`;
  return `It would have raised ${total === 1 ? 'one alert' : `${formatCount(total)} alerts`} ${spanText(days)}.`;
}

/** Two digits that mean something, however rare the alerts are. */
export function perDayText(alertsPerDay: number): string {
  if (alertsPerDay >= 100) return formatCount(alertsPerDay);
  return formatNumber(alertsPerDay, alertsPerDay >= 10 || Number.isInteger(alertsPerDay) ? 0 : alertsPerDay >= 1 ? 1 : 2);
}

export function tookText(durationMs: number): string {
  return durationMs < 1_000 ? `${formatCount(durationMs)} ms` : `${formatNumber(durationMs / 1_000, 1)} s`;
}

/** The value that an alert would have had, with the unit it has on that profile; a dash where there is none. */
export function valueText(value: number | null, condition: ConditionInput, profile: ProfileChoice | undefined): string {
  const metric = metricOf(condition);
  const unit = profile?.metrics.find((known) => known.metric === metric)?.unit ?? '1';
  const text = formatReading({ value, text: null, unit });
  return value !== null && condition.rateOfChange ? `${text} per minute` : text;
}

/** What the outcome depends on: neither the name of a rule nor whom it tells. */
export function questionOf({ target, condition }: AlertRuleInput): string {
  return JSON.stringify({ target, condition }, (_, value: unknown) => value ?? undefined);
}

/** The refusal as somebody who looks at the form would put it. */
export function asFormFault(error: unknown): unknown {
  const isConnectivity = faultsOf(error).some(({ details }) => details?.['path'] === 'input.condition.offline');
  if (!isConnectivity) return error;
  const message = 'When a device was connected is not stored, only its readings are. Say for how long it must be silent.';
  return new RequestFailed([{ code: 'BAD_USER_INPUT', message }], { cause: error });
}
