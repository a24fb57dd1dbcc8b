import { Requires } from '@pulsegraph/kit/subgraph';
import type { Role } from '@pulsegraph/contracts';
import { Directive, Field, ID, ObjectType, UseMiddleware } from 'type-graphql';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Organization } from '../organization/organization.entity.js';
import { RoleEnum } from './role.enum.js';
import { selfOrManager } from './user-privacy.js';

/** Colleagues see who somebody is; the rest is for administrators and the person. */
@Requires('graph:read', { otherwise: 'NULL' })
@Directive('@key(fields: "id")')
@ObjectType()
@Entity({ name: 'app_user' })
export class User {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  // Not a GraphQL field: a caller only ever sees its own organization.
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @UseMiddleware(selfOrManager) @Field({ description: 'For administrators and oneself.' }) @Column('text') email!: string;
  @Field() @Column('text', { name: 'display_name' }) displayName!: string;
  @Field(() => RoleEnum) @Column('text') role!: Role;
  @UseMiddleware(selfOrManager)
  @Field({ description: 'For administrators and oneself.' })
  @Column('boolean', { default: true })
  active!: boolean;
  @UseMiddleware(selfOrManager)
  @Field({ description: 'Signing in asks for a one-time password. For administrators and oneself.' })
  @Column('boolean', { name: 'mfa_enabled', default: false })
  mfaEnabled!: boolean;
  @UseMiddleware(selfOrManager)
  @Field(() => Date, { nullable: true, description: 'When a session was last begun or renewed. For administrators and oneself.' })
  @Column('timestamptz', { name: 'last_seen_at', nullable: true })
  lastSeenAt!: Date | null;
  @UseMiddleware(selfOrManager)
  @Field({ description: 'For administrators and oneself.' })
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @ManyToOne(() => Organization, { nullable: false })
  @JoinColumn({ name: 'organization_id', foreignKeyConstraintName: 'app_user_organization_id_fkey' })
  organization?: Relation<Organization>;
}
