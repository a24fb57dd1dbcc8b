import { Field, ID, InputType, Int } from 'type-graphql';

@InputType()
export class PatientInput {
  @Field() displayName!: string;
  @Field(() => String, { nullable: true }) recordNumber?: string | null;
  @Field(() => String, { nullable: true }) birthDate?: string | null;
  @Field(() => ID, { nullable: true }) bedId?: string | null;
  @Field(() => Int, { nullable: true }) spo2Scale?: number | null = 1;
}
