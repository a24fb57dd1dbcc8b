import { unitSymbol, type MetricEntry } from '@pulsegraph/contracts';
import { clinicalRisk, type Condition, type Evidence, type Score, type ThresholdCondition } from '../evaluation/index.js';

/** What people call a metric, and its unit, where the profile says so. */
export type MetricLookup = (metric: string) => Pick<MetricEntry, 'name' | 'unit'> | undefined;

/** A condition in words: `Temperature above 85 °C for 5 min`. */
export function describeCondition(condition: Condition, lookup: MetricLookup): string {
  if ('all' in condition) return join(condition.all, 'and', lookup);
  if ('any' in condition) return join(condition.any, 'or', lookup);
  if ('threshold' in condition) return describeThreshold(condition.threshold, lookup);
  if ('rateOfChange' in condition) {
    const { metric, perMinuteAbove, overMs } = condition.rateOfChange;
    return `${nameOf(metric, lookup)} changing by more than ${perMinuteText(perMinuteAbove, metric, lookup)} over ${durationText(overMs)}`;
  }
  if ('anomaly' in condition) {
    const { metric, sensitivity } = condition.anomaly;
    return `${nameOf(metric, lookup)} unlike its past (${sensitivity.toLowerCase()} sensitivity)`;
  }
  if ('trend' in condition) {
    const { metric, reaches, withinMs, overMs } = condition.trend;
    const limit = amountText(reaches, lookup(metric)?.unit);
    return `${nameOf(metric, lookup)} reaching ${limit} within ${durationText(withinMs)}, by its trend over ${durationText(overMs)}`;
  }
  if ('earlyWarningScore' in condition) {
    const { score, singleParameter } = condition.earlyWarningScore;
    return `NEWS2 of ${score} or more${singleParameter ? ', or 3 in any single parameter' : ''} (${DISCLAIMER})`;
  }
  const { metric, afterMs } = condition.offline;
  const after = afterMs === null ? '' : ` for ${durationText(afterMs)}`;
  if (metric !== null) return `${nameOf(metric, lookup)} missing${after}`;
  return afterMs === null ? 'Device offline' : `Device silent${after}`;
}

function join(conditions: readonly Condition[], word: 'and' | 'or', lookup: MetricLookup): string {
  return conditions
    .map((condition) => {
      const text = describeCondition(condition, lookup);
      return 'all' in condition || 'any' in condition ? `(${text})` : text;
    })
    .join(`, ${word} `);
}

function describeThreshold({ metric, above, below, forMs, clearAfterMs, hysteresis }: ThresholdCondition, lookup: MetricLookup): string {
  const amount = (value: number) => amountText(value, lookup(metric)?.unit);
  const limits = [above === null ? [] : `above ${amount(above)}`, below === null ? [] : `below ${amount(below)}`].flat().join(' or ');
  const clears = [
    hysteresis > 0 ? `${amount(hysteresis)} inside the limit` : [],
    clearAfterMs > 0 ? `after ${durationText(clearAfterMs)}` : [],
  ]
    .flat()
    .join(' ');
  return `${nameOf(metric, lookup)} ${limits}${forMs > 0 ? ` for ${durationText(forMs)}` : ''}${clears ? `; clears ${clears}` : ''}`;
}

/** Why an alert was raised, with value, unit and limit: `Temperature 92.3 °C, above the limit of 85 °C`. */
export function describeEvidence(evidence: Evidence, condition: Condition, lookup: MetricLookup): string {
  const { kind, metric, value, threshold, reachedInMs, score, parts } = evidence;
  if (score) return describeScore(score);
  if (parts && parts.length > 0) return parts.map((part) => describeEvidence(part, partOf(condition, part), lookup)).join('; ');
  if (kind === 'DATA_ANOMALY' && metric !== null && value !== null) {
    return `${nameOf(metric, lookup)} ${amountText(value, lookup(metric)?.unit)}, unlike its past`;
  }
  if (metric === null || value === null || threshold === null) return describeCondition(condition, lookup);
  const name = nameOf(metric, lookup);
  const unit = lookup(metric)?.unit;
  if (kind === 'RATE_OF_CHANGE') {
    const direction = value < 0 ? 'falling' : 'rising';
    const limit = perMinuteText(threshold, metric, lookup);
    return `${name} ${direction} by ${perMinuteText(Math.abs(value), metric, lookup)}, above the limit of ${limit}`;
  }
  if (kind === 'TREND_WARNING') {
    const when = reachedInMs ? `in about ${durationText(roundedMs(reachedInMs))}` : 'now';
    return `${name} ${amountText(value, unit)}, reaches ${amountText(threshold, unit)} ${when}`;
  }
  return `${name} ${amountText(value, unit)}, ${kind === 'THRESHOLD_BELOW' ? 'below' : 'above'} the limit of ${amountText(threshold, unit)}`;
}

/** The unit of an alert's value. */
export function unitOf({ kind, metric }: Evidence, lookup: MetricLookup): string | null {
  if (kind === 'EARLY_WARNING_SCORE') return '{score}';
  const unit = metric === null ? undefined : lookup(metric)?.unit;
  if (unit === undefined) return null;
  return kind === 'RATE_OF_CHANGE' ? (unit === '1' ? '/min' : `${unit}/min`) : unit;
}

/** Silence has no value to tell of: then its own condition does. */
function partOf(condition: Condition, part: Evidence): Condition {
  const children = 'all' in condition ? condition.all : 'any' in condition ? condition.any : [];
  const isSilence = part.kind === 'DEVICE_OFFLINE' || part.kind === 'NO_DATA';
  return (
    children.find((child) => (isSilence ? 'offline' in child && child.offline.metric === part.metric : 'all' in child || 'any' in child)) ??
    condition
  );
}

function describeScore(score: Score): string {
  const { points, contributions, missing } = score;
  const counted = contributions
    .filter((contribution) => contribution.points > 0)
    .map((contribution) => `${contribution.parameter} ${contribution.value} (${contribution.points})`)
    .join(', ');
  const amount = missing.length > 0 ? `at least ${points}` : String(points);
  const incomplete = missing.length > 0 ? `; incomplete: ${missing.join(', ')} missing` : '';
  return `NEWS2 ${amount}, ${clinicalRisk(score)} risk: ${counted}${incomplete} (${DISCLAIMER})`;
}

const DISCLAIMER = 'decision aid, not a medical device';

/** To minutes above ten of them, to seconds below: a forecast is no more exact. */
function roundedMs(durationMs: number): number {
  const stepMs = durationMs >= 600_000 ? 60_000 : 1_000;
  return Math.max(stepMs, Math.round(durationMs / stepMs) * stepMs);
}

function perMinuteText(value: number, metric: string, lookup: MetricLookup): string {
  return `${amountText(value, lookup(metric)?.unit)} per min`;
}

function nameOf(metric: string, lookup: MetricLookup): string {
  return lookup(metric)?.name ?? metric;
}

export function amountText(value: number, unit: string | undefined): string {
  const symbol = unit === undefined ? '' : unitSymbol(unit);
  // Six digits are more than any of our sensors has, and hide what binary fractions add.
  const number = String(Number(value.toPrecision(6)));
  return symbol === '' ? number : symbol.startsWith('/') ? `${number}${symbol}` : `${number} ${symbol}`;
}

const UNITS: readonly [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

export function durationText(durationMs: number): string {
  const parts: string[] = [];
  let rest = durationMs;
  for (const [name, ms] of UNITS) {
    const count = name === 's' ? rest / ms : Math.floor(rest / ms);
    rest -= count * ms;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ') || '0 s';
}
