import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, FieldResolver, InputType, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { AlertFilterInput } from '../alert/alert-filter.input.js';
import { Silence } from './silence.entity.js';

@InputType()
export class SilenceInput {
  @Field(() => AlertFilterInput, { description: 'At least one field; neither statuses nor instants.' }) filter!: AlertFilterInput;
  @Field(() => Date, { nullable: true, description: 'Default: now.' }) from?: Date | null;
  @Field() to!: Date;
  @Field() reason!: string;
}

@ObjectType()
export class SilenceConnection {
  @Field(() => [Silence]) nodes!: Silence[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  /** Called only where `totalCount` is asked for. */
  count!: () => Promise<number>;
}

@Resolver(() => SilenceConnection)
export class SilenceConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: SilenceConnection): Promise<number> {
    return connection.count();
  }
}
