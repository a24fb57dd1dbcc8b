import { Requires } from '@pulsegraph/kit/subgraph';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';

/** As people see it. How the personal fields lie in the database is the business of patient.repository.ts alone. */
@Requires('patients:read', { otherwise: 'NULL' })
@Directive('@key(fields: "id")')
@ObjectType({ description: 'Name, birth date and record number are encrypted at rest and readable only with a clinical role.' })
export class Patient {
  @Field(() => ID) id!: string;
  organizationId!: string;
  @Field() displayName!: string;
  @Field(() => String, { nullable: true }) recordNumber!: string | null;
  @Field(() => String, { nullable: true }) birthDate!: string | null;
  bedId!: string | null;
  @Field(() => Int, { description: 'NEWS2 oxygen saturation scale: 1, or 2 for hypercapnic respiratory failure.' })
  spo2Scale!: 1 | 2;
  @Field(() => Date) admittedAt!: Date;
  @Field(() => Date, { nullable: true }) dischargedAt!: Date | null;
}
