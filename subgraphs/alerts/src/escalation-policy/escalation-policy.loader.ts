import DataLoader from 'dataloader';
import type { EscalationPolicy } from './escalation-policy.entity.js';
import type { EscalationPolicyRepository } from './escalation-policy.repository.js';

export interface PolicyLoaders {
  escalationPolicy: DataLoader<string, EscalationPolicy | null>;
}

/** Batching only, as in alert.loader.ts. */
export function createPolicyLoaders(policies: EscalationPolicyRepository, organizationId: string): PolicyLoaders {
  return {
    escalationPolicy: new DataLoader<string, EscalationPolicy | null>(
      async (ids) => {
        const byId = new Map((await policies.findByIds(organizationId, [...new Set(ids)])).map((policy) => [policy.id, policy]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { cache: false },
    ),
  };
}
