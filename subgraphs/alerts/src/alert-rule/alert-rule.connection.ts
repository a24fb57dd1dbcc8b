import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { AlertRule } from './alert-rule.entity.js';

@ObjectType()
export class AlertRuleConnection {
  @Field(() => [AlertRule]) nodes!: AlertRule[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  /** Called only where `totalCount` is asked for. */
  count!: () => Promise<number>;
}

@Resolver(() => AlertRuleConnection)
export class AlertRuleConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: AlertRuleConnection): Promise<number> {
    return connection.count();
  }
}
