import { Field, ID, InputType } from 'type-graphql';

@InputType({ description: 'Exactly one field; checked by the service (composition does not know @oneOf).' })
export class AssignmentTarget {
  @Field(() => ID, { nullable: true }) patientId?: string | null;
  @Field(() => ID, { nullable: true }) assetId?: string | null;
}
