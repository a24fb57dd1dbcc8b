/** Worst first. */
export const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Sorts worst first. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

export const ALERT_STATUSES = ['TRIGGERED', 'ACKNOWLEDGED', 'ESCALATED', 'RESOLVED'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export const ALERT_KINDS = [
  'THRESHOLD_EXCEEDED',
  'THRESHOLD_BELOW',
  'RATE_OF_CHANGE',
  'DEVICE_OFFLINE',
  'NO_DATA',
  'DATA_ANOMALY',
  'TREND_WARNING',
  'EARLY_WARNING_SCORE',
  'COMPOSITE',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_TRANSITIONS = [
  'RAISED',
  'REPEATED',
  'SEVERITY_CHANGED',
  'ACKNOWLEDGED',
  'ESCALATED',
  'ASSIGNED',
  'COMMENTED',
  'SILENCED',
  'UNSILENCED',
  'RESOLVED',
  'REOPENED',
] as const;
export type AlertTransition = (typeof ALERT_TRANSITIONS)[number];
