import { Requires } from '@pulsegraph/kit/subgraph';
import { METRIC_KINDS, type MetricKind as MetricKindName } from '@pulsegraph/contracts';
import { Duration } from '@pulsegraph/kit/scalars';
import { Directive, Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';

export const ProfileDomain = { INDUSTRIAL: 'INDUSTRIAL', CLINICAL: 'CLINICAL', GENERIC: 'GENERIC' } as const;
export type ProfileDomain = keyof typeof ProfileDomain;
registerEnumType(ProfileDomain, { name: 'ProfileDomain' });

export const MetricKind = Object.fromEntries(METRIC_KINDS.map((kind) => [kind, kind])) as { [K in MetricKindName]: K };
registerEnumType(MetricKind, { name: 'MetricKind' });

/** bigint arrives as text; ours stay far below 2^53. */
export const wholeNumber: ValueTransformer = { to: (value: number) => value, from: Number };

@ObjectType()
export class MetricDefinition {
  @Field() metric!: string;
  @Field() name!: string;
  @Field(() => MetricKind) kind!: MetricKindName;
  @Field(() => [String], { nullable: true, description: 'The allowed words of a TEXT metric.' })
  values!: string[] | null;
  @Field({ description: 'UCUM code, for example Cel, mm[Hg], /min; 1 for words and booleans.' })
  unit!: string;
  @Field(() => String, { nullable: true, description: 'LOINC code where the metric is a vital sign.' })
  loinc!: string | null;
  @Field(() => Float, { nullable: true }) normalMin!: number | null;
  @Field(() => Float, { nullable: true }) normalMax!: number | null;
  @Field(() => Float, { nullable: true }) alertMin!: number | null;
  @Field(() => Float, { nullable: true }) alertMax!: number | null;
  @Field(() => Duration, { name: 'expectedInterval' }) expectedIntervalMs!: number;
  @Field(() => Float, { nullable: true, description: 'Values outside are rejected as implausible.' })
  plausibleMin!: number | null;
  @Field(() => Float, { nullable: true }) plausibleMax!: number | null;
}

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType({ description: 'What a kind of device measures, and what is normal for it.' })
@Entity({ name: 'device_profile' })
export class DeviceProfile {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  // Not a GraphQL field: a caller only ever sees its own organization.
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') key!: string;
  @Field() @Column('text') name!: string;
  @Field(() => ProfileDomain) @Column('text') domain!: ProfileDomain;
  @Field(() => [MetricDefinition]) @Column('jsonb') metrics!: MetricDefinition[];
  @Field(() => Duration, {
    name: 'offlineAfter',
    description: 'Silent for longer than this, and than three expected intervals, means offline.',
  })
  @Column('bigint', { name: 'offline_after_ms', transformer: wholeNumber })
  offlineAfterMs!: number;
  @Field(() => Duration, { name: 'lateAfter', description: 'Readings older than this on arrival are late.' })
  @Column('bigint', { name: 'late_after_ms', transformer: wholeNumber })
  lateAfterMs!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
