import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { Alert } from './alert.entity.js';

@ObjectType()
export class AlertEdge {
  @Field() cursor!: string;
  @Field(() => Alert) node!: Alert;
}

@ObjectType()
export class AlertConnection {
  @Field(() => [Alert]) nodes!: Alert[];
  @Field(() => [AlertEdge]) edges!: AlertEdge[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  /** Called only where `totalCount` is asked for. */
  count!: () => Promise<number>;
}

@Resolver(() => AlertConnection)
export class AlertConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: AlertConnection): Promise<number> {
    return connection.count();
  }
}
