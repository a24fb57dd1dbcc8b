import type { Role } from '@pulsegraph/contracts';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { RoleEnum } from '../user/role.enum.js';

@ObjectType()
@Entity({ name: 'invitation' })
export class Invitation {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') email!: string;
  @Field(() => RoleEnum) @Column('text') role!: Role;
  @Column('text', { name: 'token_hash' }) tokenHash!: string;
  /** Name of whoever invited, as it was then. */
  @Column('text', { name: 'invited_by' }) invitedBy!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Field() @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'accepted_at', nullable: true }) acceptedAt!: Date | null;
}

@InputType()
export class InviteUserInput {
  @Field() email!: string;
  @Field(() => RoleEnum) role!: Role;
}
