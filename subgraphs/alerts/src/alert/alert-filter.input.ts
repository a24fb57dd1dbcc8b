import type { AlertKind, AlertStatus, Severity } from '@pulsegraph/contracts';
import { Field, ID, InputType } from 'type-graphql';
import type { AlertFilter } from './alert-filter.js';
import { AlertKindEnum, AlertStatusEnum, SeverityEnum } from './alert.entity.js';

@InputType('AlertFilter')
export class AlertFilterInput implements AlertFilter {
  @Field(() => [AlertStatusEnum], { nullable: true }) statuses?: AlertStatus[] | null;
  @Field(() => [SeverityEnum], { nullable: true }) severities?: Severity[] | null;
  @Field(() => [AlertKindEnum], { nullable: true }) kinds?: AlertKind[] | null;
  @Field(() => [ID], { nullable: true }) deviceIds?: string[] | null;
  @Field(() => ID, { nullable: true }) assetId?: string | null;
  @Field(() => ID, { nullable: true }) patientId?: string | null;
  @Field(() => ID, { nullable: true }) ruleId?: string | null;
  @Field(() => String, { nullable: true }) search?: string | null;
  @Field(() => Date, { nullable: true }) raisedFrom?: Date | null;
  @Field(() => Date, { nullable: true }) raisedTo?: Date | null;
}

export const AlertOrder = { NEWEST: 'NEWEST', OLDEST: 'OLDEST', SEVERITY: 'SEVERITY' } as const;
export type AlertOrder = keyof typeof AlertOrder;
