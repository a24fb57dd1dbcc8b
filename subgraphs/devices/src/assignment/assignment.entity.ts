import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@ObjectType()
@Entity({ name: 'assignment' })
export class Assignment {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('uuid', { name: 'device_id' }) deviceId!: string;
  @Column('uuid', { name: 'asset_id', nullable: true }) assetId!: string | null;
  @Column('uuid', { name: 'patient_id', nullable: true }) patientId!: string | null;
  @Field(() => Date, { name: 'from' }) @Column('timestamptz', { name: 'from_at' }) fromAt!: Date;
  @Field(() => Date, { name: 'to', nullable: true }) @Column('timestamptz', { name: 'to_at', nullable: true }) toAt!: Date | null;
}
