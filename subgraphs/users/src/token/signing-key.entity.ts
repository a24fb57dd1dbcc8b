import type { JWK } from 'jose';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An Ed25519 pair that signs access tokens. Private halves are readable by the service role alone. */
@Entity({ name: 'signing_key' })
export class SigningKey {
  @PrimaryColumn('text') kid!: string;
  @Column('jsonb', { name: 'private_jwk' }) privateJwk!: JWK;
  @Column('jsonb', { name: 'public_jwk' }) publicJwk!: JWK;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  /** Published at once, signs only from here: verifiers have it by then. */
  @Column('timestamptz', { name: 'signs_from' }) signsFrom!: Date;
  /** Set when a successor is made: published until the last token it signed has ended. */
  @Column('timestamptz', { name: 'verifies_until', nullable: true }) verifiesUntil!: Date | null;
}
