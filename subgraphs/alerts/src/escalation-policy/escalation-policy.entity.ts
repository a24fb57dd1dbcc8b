import { Duration } from '@pulsegraph/kit/scalars';
import type { Keyset } from '@pulsegraph/kit/pagination';
import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** As stored. */
export interface StoredStep {
  /** Counted from the raising; 0: at once. */
  afterMs: number;
  channelIds: string[];
  userIds: string[];
}

@ObjectType()
export class EscalationStep implements StoredStep {
  @Field(() => Duration, { name: 'after', description: 'Counted from when the alert was raised or reopened.' }) afterMs!: number;
  channelIds!: string[];
  userIds!: string[];
}

@ObjectType({ description: 'Who is told when; it stops when somebody acknowledges or resolves the alert.' })
@Entity({ name: 'escalation_policy' })
export class EscalationPolicy {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') name!: string;
  @Field(() => [EscalationStep]) @Column('jsonb') steps!: EscalationStep[];
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}

export const policyKeysetOf = (policy: EscalationPolicy): Keyset => [policy.name.toLowerCase(), policy.id];
