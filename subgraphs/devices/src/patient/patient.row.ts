import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A patient as the database has them: what identifies them is sealed. */
@Entity({ name: 'patient' })
export class PatientRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('text', { name: 'wrapped_key', nullable: true }) wrappedKey!: string | null;
  @Column('text', { nullable: true }) sealed!: string | null;
  @Column('text', { name: 'search_tokens', array: true, default: () => `'{}'` }) searchTokens!: string[];
  /** Of rows from before sealing; emptied when the process starts. */
  @Column('text', { name: 'display_name', nullable: true }) plainName!: string | null;
  @Column('text', { name: 'record_number', nullable: true }) plainRecordNumber!: string | null;
  @Column('date', { name: 'birth_date', nullable: true }) plainBirthDate!: string | null;
  @Column('uuid', { name: 'bed_id', nullable: true }) bedId!: string | null;
  @Column('smallint', { name: 'spo2_scale' }) spo2Scale!: 1 | 2;
  @Column('timestamptz', { name: 'admitted_at' }) admittedAt!: Date;
  @Column('timestamptz', { name: 'discharged_at', nullable: true }) dischargedAt!: Date | null;
}
