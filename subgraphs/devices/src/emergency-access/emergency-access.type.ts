import { Field, ID, InputType, ObjectType } from 'type-graphql';

@ObjectType({
  description: 'Somebody without a clinical role may read one patient for an hour. On record, and announced to administrators.',
})
export class EmergencyAccess {
  @Field(() => ID) id!: string;
  @Field(() => ID) userId!: string;
  patientId!: string;
  @Field() reason!: string;
  @Field(() => Date) startedAt!: Date;
  @Field(() => Date) endsAt!: Date;
}

@InputType({ description: 'Exactly one of patientId and deviceId, which means the patient it is assigned to now.' })
export class EmergencyAccessInput {
  @Field(() => ID, { nullable: true }) patientId?: string | null;
  @Field(() => ID, { nullable: true }) deviceId?: string | null;
  @Field() reason!: string;
}
