import type { ProfileEntry, Severity } from '@pulsegraph/contracts';
import { amountText } from '../alert-rule/summary.js';
import type { Condition } from '../evaluation/index.js';

/** A rule that a profile asks for. */
export interface ProfileRule {
  /** Unique within the profile, and the same whatever the limits are. */
  sourceKey: string;
  name: string;
  severity: Severity;
  condition: Condition;
}

/** One rule for each alert limit, and one for a device that goes offline. */
export function rulesOfProfile(profile: ProfileEntry): ProfileRule[] {
  const rules: ProfileRule[] = [
    {
      sourceKey: 'offline',
      name: `${profile.name} offline`,
      severity: 'MEDIUM',
      condition: { offline: { metric: null, afterMs: null } },
    },
  ];
  for (const { metric, name, unit, kind, alertMin, alertMax } of profile.metrics) {
    if (kind === 'TEXT') continue;
    for (const [side, limit] of [
      ['above', alertMax],
      ['below', alertMin],
    ] as const) {
      if (limit === null) continue;
      const threshold = { metric, above: null, below: null, [side]: limit, forMs: 0, hysteresis: 0, clearAfterMs: 0 };
      rules.push({
        sourceKey: `${metric}.${side}`,
        name: `${name} ${side} ${amountText(limit, unit)}`,
        severity: 'HIGH',
        condition: { threshold },
      });
    }
  }
  return rules;
}
