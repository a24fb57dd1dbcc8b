import type { AlertKind } from '@pulsegraph/contracts';
import type { AnomalySensitivity } from '../anomaly/index.js';
import type { Score } from './news2.js';

/** Breached when the value lies above `above` or below `below`; at least one is set. */
export interface ThresholdCondition {
  metric: string;
  above: number | null;
  below: number | null;
  /** Must hold this long. */
  forMs: number;
  /** Clears only past the limit by this much, in the metric's unit. */
  hysteresis: number;
  /** Clears only after this long. */
  clearAfterMs: number;
}

/** The metric rises or falls by more than `perMinuteAbove` per minute, measured over `overMs`. */
export interface RateOfChangeCondition {
  metric: string;
  perMinuteAbove: number;
  overMs: number;
}

/**
 * Without a metric: the device is offline, or silent for `afterMs` where that is given. With one: that metric is missing
 * for `afterMs`, by default for as long as makes a device offline.
 */
export interface OfflineCondition {
  metric: string | null;
  afterMs: number | null;
}

/** The metric behaves unlike its own past. */
export interface AnomalyCondition {
  metric: string;
  sensitivity: AnomalySensitivity;
}

/** A line fitted over the last `overMs` reaches `reaches` within `withinMs`. */
export interface TrendCondition {
  metric: string;
  reaches: number;
  withinMs: number;
  overMs: number;
}

/** NEWS2 of what the device measures: the aggregate at or above `score`, or any single parameter scoring 3. */
export interface EarlyWarningScoreCondition {
  score: number;
  singleParameter: boolean;
  /** How long a measured parameter counts. */
  validForMs: number;
}

/** Exactly one key: the same shape as `Condition` in the graph, and as it is stored. */
export type Condition =
  | { threshold: ThresholdCondition }
  | { rateOfChange: RateOfChangeCondition }
  | { offline: OfflineCondition }
  | { anomaly: AnomalyCondition }
  | { trend: TrendCondition }
  | { earlyWarningScore: EarlyWarningScoreCondition }
  | { all: Condition[] }
  | { any: Condition[] };

/** What made a condition true, for the alert's fields and its message. */
export interface Evidence {
  kind: AlertKind;
  metric: string | null;
  value: number | null;
  threshold: number | null;
  /** TREND_WARNING: when the limit is reached, from then on. */
  reachedInMs?: number;
  /** EARLY_WARNING_SCORE: which parameters contributed, and which are missing. */
  score?: Score;
  /** COMPOSITE: of those of its conditions that hold. */
  parts?: readonly Evidence[];
}

/** Metrics without which the condition has no meaning. */
export function metricsOf(condition: Condition): string[] {
  if ('all' in condition) return condition.all.flatMap(metricsOf);
  if ('any' in condition) return condition.any.flatMap(metricsOf);
  if ('threshold' in condition) return [condition.threshold.metric];
  if ('rateOfChange' in condition) return [condition.rateOfChange.metric];
  if ('anomaly' in condition) return [condition.anomaly.metric];
  if ('trend' in condition) return [condition.trend.metric];
  if ('offline' in condition && condition.offline.metric !== null) return [condition.offline.metric];
  return [];
}

/** The structure without its numbers: a state fits every condition of the same shape, so that editing a limit starts nothing again. */
export function shapeOf(condition: Condition): string {
  if ('all' in condition) return `all(${condition.all.map(shapeOf).join()})`;
  if ('any' in condition) return `any(${condition.any.map(shapeOf).join()})`;
  if ('threshold' in condition) return `threshold(${condition.threshold.metric})`;
  // What they remember is laid out by the length of their window.
  if ('rateOfChange' in condition) return `rate(${condition.rateOfChange.metric},${condition.rateOfChange.overMs})`;
  if ('trend' in condition) return `trend(${condition.trend.metric},${condition.trend.overMs})`;
  if ('anomaly' in condition) return `anomaly(${condition.anomaly.metric},${condition.anomaly.sensitivity})`;
  if ('earlyWarningScore' in condition) return 'score';
  const { metric, afterMs } = condition.offline;
  if (metric !== null) return `missing(${metric})`;
  return afterMs === null ? 'offline' : 'silent';
}
