import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** As people see it. How the personal fields lie in the database is the business of patient.repository.ts alone. */
@Directive('@key(fields: "id")')
@ObjectType({ description: 'Name, birth date and record number are readable only with a clinical role.' })
@Entity({ name: 'patient' })
export class Patient {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text', { name: 'display_name' }) displayName!: string;
  @Field(() => String, { nullable: true }) @Column('text', { name: 'record_number', nullable: true }) recordNumber!: string | null;
  @Field(() => String, { nullable: true }) @Column('date', { name: 'birth_date', nullable: true }) birthDate!: string | null;
  @Column('uuid', { name: 'bed_id', nullable: true }) bedId!: string | null;
  @Field(() => Int, { description: 'NEWS2 oxygen saturation scale: 1, or 2 for hypercapnic respiratory failure.' })
  @Column('smallint', { name: 'spo2_scale' })
  spo2Scale!: 1 | 2;
  @Field(() => Date) @Column('timestamptz', { name: 'admitted_at' }) admittedAt!: Date;
  @Field(() => Date, { nullable: true }) @Column('timestamptz', { name: 'discharged_at', nullable: true }) dischargedAt!: Date | null;
}
