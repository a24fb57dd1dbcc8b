import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'emergency_access' })
export class EmergencyAccessRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('uuid', { name: 'patient_id' }) patientId!: string;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  /** Under the patient's key: people write names into it. */
  @Column('text', { name: 'sealed_reason' }) sealedReason!: string;
  @Column('timestamptz', { name: 'started_at' }) startedAt!: Date;
  @Column('timestamptz', { name: 'ends_at' }) endsAt!: Date;
}
