import { JsonScalar } from '@pulsegraph/kit/scalars';
import type { Keyset } from '@pulsegraph/kit/pagination';
import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AlertFilter } from '../alert/alert-filter.js';

/** What a silence may match by: an alert's state is not among it, or silencing would change with every step of handling. */
export type SilenceFilter = Pick<AlertFilter, 'severities' | 'kinds' | 'deviceIds' | 'assetId' | 'patientId' | 'ruleId' | 'search'>;

@ObjectType({ description: 'Shelving or a maintenance window: what matches is recorded, but nobody is notified.' })
@Entity({ name: 'silence' })
export class Silence {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field(() => JsonScalar, { description: 'The AlertFilter it was made with.' }) @Column('jsonb') filter!: SilenceFilter;
  @Field({ name: 'from' }) @Column('timestamptz', { name: 'starts_at' }) startsAt!: Date;
  @Field({ name: 'to' }) @Column('timestamptz', { name: 'ends_at' }) endsAt!: Date;
  @Field() @Column('text') reason!: string;
  @Column('text', { name: 'created_by', nullable: true }) createdById!: string | null;
  @Column('text', { name: 'created_by_name' }) createdByName!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}

/** Where a page after this silence begins. */
export const silenceKeysetOf = (silence: Silence): Keyset => [silence.endsAt.toISOString(), silence.id];
