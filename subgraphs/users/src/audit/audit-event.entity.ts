import type { AuditActorKind } from '@pulsegraph/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A link of an organization's chain. No role can change or delete it; see the migration. */
@Entity({ name: 'audit_event' })
export class AuditEventRow {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId!: string;
  @PrimaryColumn('bigint') seq!: string;
  @Column('uuid') id!: string;
  @Column('timestamptz') at!: Date;
  @Column('text', { name: 'actor_kind' }) actorKind!: AuditActorKind;
  @Column('text', { name: 'actor_id', nullable: true }) actorId!: string | null;
  @Column('text') action!: string;
  @Column('text', { name: 'subject_type' }) subjectType!: string;
  @Column('text', { name: 'subject_id', nullable: true }) subjectId!: string | null;
  /** JSON as text: the chain covers its every byte, which jsonb would not keep. */
  @Column('text') detail!: string;
  @Column('text', { name: 'request_id', nullable: true }) requestId!: string | null;
  /** The actor's name and address, under the actor's own key: gone with the key, while the chain holds. */
  @Column('text') sealed!: string;
  /** SHA-256 over the hash before it and everything above, hex. */
  @Column('text') hash!: string;
}

/** Where a chain ends, or where what was kept begins. The code in it needs a key that the database does not have. */
abstract class ChainMark {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('bigint') seq!: string;
  @Column('text') hash!: string;
  @Column('text') mac!: string;
}

@Entity({ name: 'audit_head' })
export class AuditHead extends ChainMark {}

@Entity({ name: 'audit_anchor' })
export class AuditAnchor extends ChainMark {}

/** A person's key for what the trail holds about them. */
@Entity({ name: 'audit_person_key' })
export class AuditPersonKey {
  @PrimaryColumn('uuid', { name: 'organization_id' }) organizationId!: string;
  @PrimaryColumn('text', { name: 'person_id' }) personId!: string;
  @Column('text') wrapped!: string;
}

/** Signs exports; older public keys stay, so that old exports can be verified. */
@Entity({ name: 'audit_signing_key' })
export class AuditSigningKey {
  @PrimaryColumn('text') id!: string;
  @Column('text', { name: 'public_pem' }) publicPem!: string;
  @Column('text', { name: 'sealed_private_pem' }) sealedPrivatePem!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
