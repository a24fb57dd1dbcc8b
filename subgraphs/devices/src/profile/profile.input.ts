import type { MetricKind as MetricKindName } from '@pulsegraph/contracts';
import { Duration } from '@pulsegraph/kit/scalars';
import { Field, Float, InputType } from 'type-graphql';
import { MetricKind, ProfileDomain } from './profile.entity.js';

@InputType()
export class MetricDefinitionInput {
  @Field() metric!: string;
  @Field() name!: string;
  @Field(() => MetricKind) kind: MetricKindName = 'NUMBER';
  @Field(() => [String], { nullable: true }) values?: string[] | null;
  @Field() unit!: string;
  @Field(() => String, { nullable: true }) loinc?: string | null;
  @Field(() => Float, { nullable: true }) normalMin?: number | null;
  @Field(() => Float, { nullable: true }) normalMax?: number | null;
  @Field(() => Float, { nullable: true }) alertMin?: number | null;
  @Field(() => Float, { nullable: true }) alertMax?: number | null;
  @Field(() => Duration) expectedInterval = 5_000;
  @Field(() => Float, { nullable: true }) plausibleMin?: number | null;
  @Field(() => Float, { nullable: true }) plausibleMax?: number | null;
}

@InputType()
export class DeviceProfileInput {
  @Field() key!: string;
  @Field() name!: string;
  @Field(() => ProfileDomain) domain: ProfileDomain = 'GENERIC';
  @Field(() => Duration) offlineAfter = 30_000;
  @Field(() => Duration) lateAfter = 60_000;
  @Field(() => [MetricDefinitionInput]) metrics!: MetricDefinitionInput[];
}
