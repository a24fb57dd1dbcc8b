import { SEVERITIES, type AlertTransition, type Severity } from '@pulsegraph/contracts';

export interface Standing {
  deviceId: string;
  openSeverity: Severity | null;
  openCount: number;
}

const rank = (severity: Severity | null): number => (severity === null ? SEVERITIES.length : SEVERITIES.indexOf(severity));

/** Worst first; among equals the order stays as it was, so that rows do not change places without a reason. */
export function worstFirst<T extends Standing>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => rank(a.openSeverity) - rank(b.openSeverity));
}

/**
 * What one transition says about its device at once, before the server's own answer comes: an alert can only be taken to
 * make things worse. Whether a resolved one was the last only the server knows.
 */
export function afterTransition<T extends Standing>(row: T, transition: AlertTransition, severity: Severity): T {
  if (transition !== 'RAISED' && transition !== 'REOPENED' && transition !== 'SEVERITY_CHANGED') return row;
  const openSeverity = rank(severity) < rank(row.openSeverity) ? severity : row.openSeverity;
  return { ...row, openSeverity, openCount: row.openCount + (transition === 'SEVERITY_CHANGED' ? 0 : 1) };
}
