import { PageInfo } from '@pulsegraph/kit/pagination';
import { JsonScalar } from '@pulsegraph/kit/scalars';
import type { Severity } from '@pulsegraph/contracts';
import { Field, FieldResolver, InputType, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { SeverityEnum } from '../alert/alert.entity.js';
import { ChannelKindEnum, NotificationChannel } from './notification-channel.entity.js';
import type { ChannelKind, OpenSettings } from './settings.rules.js';

@InputType()
export class NotificationChannelInput {
  @Field() name!: string;
  @Field(() => ChannelKindEnum) kind!: ChannelKind;
  @Field(() => SeverityEnum, { defaultValue: 'LOW' }) minSeverity!: Severity;
  @Field(() => JsonScalar, { description: 'By kind; see the guide on notifications.' }) settings!: OpenSettings;
  @Field({ defaultValue: true }) enabled!: boolean;
}

@ObjectType()
export class NotificationChannelConnection {
  @Field(() => [NotificationChannel]) nodes!: NotificationChannel[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  /** Called only where `totalCount` is asked for. */
  count!: () => Promise<number>;
}

@Resolver(() => NotificationChannelConnection)
export class NotificationChannelConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: NotificationChannelConnection): Promise<number> {
    return connection.count();
  }
}
