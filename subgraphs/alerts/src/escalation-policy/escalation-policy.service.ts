import { randomUUID } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { isUniqueViolation } from '@pulsegraph/kit/postgres';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { NotificationChannelRepository } from '../channel/notification-channel.repository.js';
import { EscalationPolicy } from './escalation-policy.entity.js';
import type { EscalationPolicyRepository } from './escalation-policy.repository.js';
import { parsePolicy } from './policy.rules.js';

export class EscalationPolicyService {
  constructor(
    private readonly policies: EscalationPolicyRepository,
    private readonly channels: NotificationChannelRepository,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @param id Null: a new one. Alerts that are open go on by the steps as they are from now on.
   * @throws BAD_USER_INPUT with the path; NOT_FOUND for a policy or channel that the organization does not have
   */
  save(viewer: Viewer, id: string | null, input: unknown): Promise<EscalationPolicy> {
    requireSubject(viewer);
    const { organizationId } = viewer;
    const draft = parsePolicy(input);
    const at = new Date(this.now());
    return this.policies
      .within(organizationId, async (manager) => {
        const policy =
          id === null
            ? Object.assign(new EscalationPolicy(), { id: randomUUID(), organizationId, createdAt: at })
            : await this.policies.lock(manager, id);
        const named = draft.steps.flatMap(({ channelIds }) => channelIds);
        const existing = await this.channels.existing(manager, named);
        if (named.some((channelId) => !existing.has(channelId))) throw errors.notFound('notification channel');
        return manager.save(EscalationPolicy, Object.assign(policy, draft, { updatedAt: at }));
      })
      .catch((error: unknown) => {
        if (isUniqueViolation(error, 'escalation_policy_name')) throw errors.badUserInput('input.name', 'is taken by another policy');
        throw error;
      });
  }
}
