import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'second_factor' })
export class SecondFactor {
  @PrimaryColumn('uuid', { name: 'user_id' }) userId!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('text', { name: 'sealed_secret' }) sealedSecret!: string;
  /** Null: enrolled, but the person has not shown yet that the app works. */
  @Column('timestamptz', { name: 'confirmed_at', nullable: true }) confirmedAt!: Date | null;
  /** The newest one-time password that was used; a bigint, so a string in code. */
  @Column('bigint', { name: 'last_step', default: 0 }) lastStep!: string;
}

@Entity({ name: 'recovery_code' })
export class RecoveryCode {
  @PrimaryColumn('uuid', { name: 'user_id' }) userId!: string;
  @PrimaryColumn('text') hash!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('timestamptz', { name: 'used_at', nullable: true }) usedAt!: Date | null;
}
