import type { Severity } from '@pulsegraph/contracts';
import { Field, ID, InputType } from 'type-graphql';
import { SeverityEnum } from '../alert/alert.entity.js';
import { ConditionInput } from './condition.type.js';
import { RuleTargetInput } from './rule-target.type.js';

@InputType()
export class AlertRuleInput {
  @Field() name!: string;
  @Field(() => SeverityEnum) severity!: Severity;
  @Field(() => RuleTargetInput) target!: RuleTargetInput;
  @Field(() => ConditionInput) condition!: ConditionInput;
  @Field(() => ID, { nullable: true, description: 'Default: every channel, and once more after five minutes unacknowledged.' })
  escalationPolicyId?: string | null;
  @Field({ defaultValue: true }) enabled!: boolean;
}
