import { Field, ID, ObjectType } from 'type-graphql';

/** An open session as its owner sees it. */
@ObjectType()
export class SessionInfo {
  @Field(() => ID) id!: string;
  @Field() createdAt!: Date;
  @Field() lastUsedAt!: Date;
  @Field(() => String, { nullable: true, description: 'The browser’s own words.' }) userAgent!: string | null;
  @Field(() => String, { nullable: true, description: 'Address of the last sign-in or renewal.' }) ip!: string | null;
  @Field({ description: 'The one that asks.' }) current!: boolean;
}
