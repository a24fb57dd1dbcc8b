import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, Int, ObjectType } from 'type-graphql';
import { User } from './user.entity.js';

@ObjectType()
export class UserConnection {
  @Field(() => [User]) nodes!: User[];
  @Field() pageInfo!: PageInfo;
  @Field(() => Int) totalCount!: number;
}
