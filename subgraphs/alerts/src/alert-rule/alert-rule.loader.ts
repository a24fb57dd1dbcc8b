import DataLoader from 'dataloader';
import type { AlertRule } from './alert-rule.entity.js';
import type { AlertRuleRepository, RuleStatus } from './alert-rule.repository.js';

export interface RuleLoaders {
  rule: DataLoader<string, AlertRule | null>;
  ruleStatus: DataLoader<string, RuleStatus | null>;
}

/** Batching only, as in alert.loader.ts. */
export function createRuleLoaders(rules: AlertRuleRepository, organizationId: string): RuleLoaders {
  return {
    rule: new DataLoader<string, AlertRule | null>(
      async (ids) => {
        const byId = new Map((await rules.findByIds(organizationId, ids)).map((rule) => [rule.id, rule]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { cache: false },
    ),
    ruleStatus: new DataLoader<string, RuleStatus | null>(
      async (ids) => {
        const byId = new Map((await rules.statusOf(organizationId, ids)).map((status) => [status.ruleId, status]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { cache: false },
    ),
  };
}
