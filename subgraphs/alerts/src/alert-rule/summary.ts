import { unitSymbol, type MetricEntry } from '@pulsegraph/contracts';
import type { Condition, Evidence } from '../evaluation/index.js';

/** What people call a metric, and its unit, where the profile says so. */
export type MetricLookup = (metric: string) => Pick<MetricEntry, 'name' | 'unit'> | undefined;

/** A condition in words: `Temperature above 85 °C for 5 min`. */
export function describeCondition(condition: Condition, lookup: MetricLookup): string {
  if ('threshold' in condition) {
    const { metric, above, below, forMs, clearAfterMs, hysteresis } = condition.threshold;
    const amount = (value: number) => amountText(value, lookup(metric)?.unit);
    const limits = [above === null ? null : `above ${amount(above)}`, below === null ? null : `below ${amount(below)}`].filter(Boolean);
    const clears = [
      hysteresis > 0 ? `${amount(hysteresis)} inside the limit` : null,
      clearAfterMs > 0 ? `after ${durationText(clearAfterMs)}` : null,
    ]
      .filter(Boolean)
      .join(' ');
    return `${nameOf(metric, lookup)} ${limits.join(' or ')}${forMs > 0 ? ` for ${durationText(forMs)}` : ''}${clears ? `; clears ${clears}` : ''}`;
  }
  const { metric, afterMs } = condition.offline;
  const after = afterMs === null ? '' : ` for ${durationText(afterMs)}`;
  if (metric !== null) return `${nameOf(metric, lookup)} missing${after}`;
  return afterMs === null ? 'Device offline' : `Device silent${after}`;
}

/** Why an alert was raised, with value, unit and limit: `Temperature 92.3 °C, above the limit of 85 °C`. */
export function describeEvidence(evidence: Evidence, condition: Condition, lookup: MetricLookup): string {
  const { kind, metric, value, threshold } = evidence;
  if (metric !== null && value !== null && threshold !== null) {
    const unit = lookup(metric)?.unit;
    const side = kind === 'THRESHOLD_BELOW' ? 'below' : 'above';
    return `${nameOf(metric, lookup)} ${amountText(value, unit)}, ${side} the limit of ${amountText(threshold, unit)}`;
  }
  return describeCondition(condition, lookup);
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
