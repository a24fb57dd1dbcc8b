import { isUuid } from '@pulsegraph/contracts';
import { parseInput } from '@pulsegraph/kit/errors';
import { z } from 'zod';
import type { StoredStep } from './escalation-policy.entity.js';

const LONGEST_MS = 7 * 86_400_000;

const stepRules = z
  .object({
    after: z.number().max(LONGEST_MS, 'must be at most 7 days'),
    channelIds: z.array(z.string()).min(1, 'must name a channel').max(20, 'must name at most 20 channels'),
    userIds: z.array(z.string().refine(isUuid, 'must be the id of a user')).max(50, 'must name at most 50 people').nullish(),
  })
  .transform(({ after, channelIds, userIds }): StoredStep => ({
    afterMs: after,
    channelIds: [...new Set(channelIds)],
    userIds: [...new Set(userIds ?? [])],
  }));

const policyRules = z.object({
  name: z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters'),
  steps: z
    .array(stepRules)
    .min(1, 'must not be empty')
    .max(10, 'must have at most 10 steps')
    .superRefine((steps, context) => {
      steps.forEach(({ afterMs }, index) => {
        if (index > 0 && afterMs <= steps[index - 1]!.afterMs) {
          context.addIssue({ code: 'custom', path: [index, 'after'], message: 'must be later than the step before' });
        }
      });
    }),
});

export type PolicyDraft = z.infer<typeof policyRules>;

/** @throws BAD_USER_INPUT with the path of what is wrong */
export const parsePolicy = (input: unknown): PolicyDraft => parseInput(policyRules, input);
