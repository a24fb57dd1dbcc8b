import { Cursor } from '@pulsegraph/kit/scalars';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Reading } from '../reading/reading.type.js';

@ObjectType()
export class ReadingsEvent {
  @Field(() => Cursor) cursor!: string;
  @Field(() => [Reading]) readings!: Reading[];
}

@InputType()
export class ReadingFilter {
  @Field(() => [ID], { nullable: true }) deviceIds?: string[] | null;
  @Field(() => ID, { nullable: true }) assetId?: string | null;
  @Field(() => ID, { nullable: true }) patientId?: string | null;
  @Field(() => ID, { nullable: true }) profileId?: string | null;
  @Field(() => [String], { nullable: true }) metrics?: string[] | null;
}
