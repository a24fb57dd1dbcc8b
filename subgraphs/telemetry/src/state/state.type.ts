import { Field, ObjectType } from 'type-graphql';

@ObjectType()
export class StateSpan {
  @Field() state!: string;
  @Field(() => Date) from!: Date;
  @Field(() => Date, { nullable: true, description: 'Null while the state lasts.' }) to!: Date | null;
}
