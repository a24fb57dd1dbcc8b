import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the MQTT edge needs to let a device in. The token itself is shown once and kept nowhere. */
@Entity({ name: 'credential' })
export class Credential {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('uuid', { name: 'device_id' }) deviceId!: string;
  @Column('text') username!: string;
  /** SHA-256 of the token, hex. */
  @Column('text', { name: 'token_hash' }) tokenHash!: string;
  @Column('timestamptz', { name: 'valid_until', nullable: true }) validUntil!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
