import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Failed sign-ins of one address, whether it has an account or not: locking must not tell who has one. */
@Entity({ name: 'sign_in_attempt' })
export class SignInAttempt {
  /** SHA-256 of the address in lower case, hex. */
  @PrimaryColumn('text') identity!: string;
  @Column('integer') failures!: number;
  @Column('timestamptz', { name: 'last_at' }) lastAt!: Date;
  @Column('timestamptz', { name: 'locked_until', nullable: true }) lockedUntil!: Date | null;
}
