import { Column, Entity, PrimaryColumn } from 'typeorm';

export type EndReason = 'SIGNED_OUT' | 'SIGNED_OUT_EVERYWHERE' | 'TOKEN_REUSED' | 'DEACTIVATED' | 'PASSWORD_CHANGED';

/** A refresh-token family: from one sign-in to its end. */
@Entity({ name: 'session' })
export class SessionRow {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  /** Turns a refresh token into its successor; useless without the token itself. */
  @Column('text', { name: 'rotation_secret' }) rotationSecret!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'last_used_at' }) lastUsedAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column('text', { name: 'end_reason', nullable: true }) endReason!: EndReason | null;
  @Column('text', { name: 'user_agent', nullable: true }) userAgent!: string | null;
  @Column('text', { nullable: true }) address!: string | null;
}

@Entity({ name: 'refresh_token' })
export class RefreshTokenRow {
  /** SHA-256 of the token, hex. Tokens carry 256 random bits, so a plain hash is enough. */
  @PrimaryColumn('text') hash!: string;
  @Column('uuid', { name: 'session_id' }) sessionId!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('timestamptz', { name: 'issued_at' }) issuedAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  /** Null: the one that works. */
  @Column('timestamptz', { name: 'used_at', nullable: true }) usedAt!: Date | null;
}
