import { PageInfo } from '@pulsegraph/kit/pagination';
import { Duration } from '@pulsegraph/kit/scalars';
import { Field, FieldResolver, ID, InputType, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { EscalationPolicy } from './escalation-policy.entity.js';

@InputType()
export class EscalationStepInput {
  @Field(() => Duration, {
    description: 'Counted from when the alert was raised or reopened; PT0S: at once. Each later than the one before.',
  })
  after!: number;
  @Field(() => [ID]) channelIds!: string[];
  @Field(() => [ID], { nullable: true, description: 'Reached through the EMAIL and WEB_PUSH channels of the step.' })
  userIds?: string[] | null;
}

@InputType()
export class EscalationPolicyInput {
  @Field() name!: string;
  @Field(() => [EscalationStepInput]) steps!: EscalationStepInput[];
}

@ObjectType()
export class EscalationPolicyConnection {
  @Field(() => [EscalationPolicy]) nodes!: EscalationPolicy[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  /** Called only where `totalCount` is asked for. */
  count!: () => Promise<number>;
}

@Resolver(() => EscalationPolicyConnection)
export class EscalationPolicyConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: EscalationPolicyConnection): Promise<number> {
    return connection.count();
  }
}
