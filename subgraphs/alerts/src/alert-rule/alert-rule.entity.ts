import { Requires } from '@pulsegraph/kit/subgraph';
import type { Severity } from '@pulsegraph/contracts';
import type { Keyset } from '@pulsegraph/kit/pagination';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SeverityEnum } from '../alert/alert.entity.js';
import type { Condition } from '../evaluation/index.js';
import { ConditionType } from './condition.type.js';
import type { RuleTarget } from './rule-target.js';
import { RuleTargetType } from './rule-target.type.js';

export const RuleOrigin = { PROFILE: 'PROFILE', USER: 'USER' } as const;
export type RuleOrigin = keyof typeof RuleOrigin;
registerEnumType(RuleOrigin, { name: 'RuleOrigin' });

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
@Entity({ name: 'alert_rule' })
export class AlertRule {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') name!: string;
  @Field() @Column('boolean') enabled!: boolean;
  @Field(() => RuleOrigin, { description: "PROFILE rules come from a profile's alert limits and follow it until somebody edits them." })
  @Column('text')
  origin!: RuleOrigin;
  @Field(() => RuleTargetType) @Column('jsonb') target!: RuleTarget;
  @Field(() => ConditionType) @Column('jsonb') condition!: Condition;
  @Field(() => SeverityEnum) @Column('text') severity!: Severity;
  @Field(() => Int) @Column('integer') version!: number;
  /** Null: the default, which escalates after five minutes. */
  @Column('uuid', { name: 'escalation_policy_id', nullable: true }) escalationPolicyId!: string | null;
  @Column('integer') armed!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  @Column('boolean', { name: 'deleted_by_user' }) deletedByUser!: boolean;
}

/** Where a page after this rule begins. */
export const ruleKeysetOf = (rule: AlertRule): Keyset => [rule.name.toLowerCase(), rule.id];
