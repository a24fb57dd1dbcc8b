import type { AlertKind } from '@pulsegraph/contracts';

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

/**
 * Without a metric: the device is offline, or silent for `afterMs` where that is given. With one: that metric is missing
 * for `afterMs`, by default for as long as makes a device offline.
 */
export interface OfflineCondition {
  metric: string | null;
  afterMs: number | null;
}

/** Exactly one key: the same shape as `Condition` in the graph, and as it is stored. */
export type Condition = { threshold: ThresholdCondition } | { offline: OfflineCondition };

/** What made a condition true, for the alert's fields and its message. */
export interface Evidence {
  kind: AlertKind;
  metric: string | null;
  value: number | null;
  threshold: number | null;
}

/** Every metric the condition reads. */
export function metricsOf(condition: Condition): string[] {
  if ('threshold' in condition) return [condition.threshold.metric];
  return condition.offline.metric === null ? [] : [condition.offline.metric];
}

/** The structure without its numbers: a state fits every condition of the same shape, so that editing a limit starts nothing again. */
export function shapeOf(condition: Condition): string {
  if ('threshold' in condition) return `threshold(${condition.threshold.metric})`;
  const { metric, afterMs } = condition.offline;
  if (metric !== null) return `missing(${metric})`;
  return afterMs === null ? 'offline' : 'silent';
}
