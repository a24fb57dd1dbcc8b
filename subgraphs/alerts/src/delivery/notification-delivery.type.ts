import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { NotificationDelivery } from './notification-delivery.entity.js';

@ObjectType()
export class NotificationDeliveryConnection {
  @Field(() => [NotificationDelivery]) nodes!: NotificationDelivery[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  /** Called only where `totalCount` is asked for. */
  count!: () => Promise<number>;
}

@Resolver(() => NotificationDeliveryConnection)
export class NotificationDeliveryConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: NotificationDeliveryConnection): Promise<number> {
    return connection.count();
  }
}
