import type { Revocation as RevocationEvent, Role } from '@pulsegraph/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something that ends access before a token's own end. */
@Entity({ name: 'revocation' })
export class RevocationRow {
  // bigint: the driver gives a string, so that nothing above 2^53 is bent.
  @PrimaryColumn('bigint') revision!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('text') kind!: RevocationEvent['kind'];
  @Column('uuid', { name: 'subject_id' }) subjectId!: string;
  /** The new role, for kind `role`. */
  @Column('text', { nullable: true }) role!: Role | null;
  @Column('timestamptz') at!: Date;
}
