import { Requires } from '@pulsegraph/kit/subgraph';
import { ALERT_KINDS, ALERT_STATUSES, SEVERITIES, type AlertKind, type AlertStatus, type Severity } from '@pulsegraph/contracts';
import { Directive, Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';

const enumOf = <T extends string>(names: readonly T[]) => Object.fromEntries(names.map((name) => [name, name])) as { [K in T]: K };

export const SeverityEnum = enumOf(SEVERITIES);
registerEnumType(SeverityEnum, { name: 'Severity' });
export const AlertStatusEnum = enumOf(ALERT_STATUSES);
registerEnumType(AlertStatusEnum, { name: 'AlertStatus' });
export const AlertKindEnum = enumOf(ALERT_KINDS);
registerEnumType(AlertKindEnum, { name: 'AlertKind' });

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType({ description: 'One per rule and device while the condition lasts.' })
@Entity({ name: 'alert' })
export class Alert {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('uuid', { name: 'rule_id' }) ruleId!: string;
  @Field(() => ID) @Column('uuid', { name: 'device_id' }) deviceId!: string;
  @Field() @Column('text', { name: 'device_key' }) deviceKey!: string;
  @Field({ description: 'As it was when the alert was raised.' }) @Column('text', { name: 'device_name' }) deviceName!: string;
  @Column('uuid', { name: 'asset_id', nullable: true }) assetId!: string | null;
  @Column('uuid', { name: 'patient_id', nullable: true }) patientId!: string | null;
  @Field(() => AlertKindEnum) @Column('text') kind!: AlertKind;
  @Field(() => SeverityEnum) @Column('text') severity!: Severity;
  @Column({ type: 'smallint', name: 'severity_rank', insert: false, update: false }) severityRank!: number;
  @Field(() => AlertStatusEnum) @Column('text') status!: AlertStatus;
  @Field(() => String, { nullable: true }) @Column('text', { nullable: true }) metric!: string | null;
  @Field(() => Float, { nullable: true }) @Column('double precision', { nullable: true }) value!: number | null;
  @Field(() => String, { nullable: true }) @Column('text', { nullable: true }) unit!: string | null;
  @Field(() => Float, { nullable: true }) @Column('double precision', { nullable: true }) threshold!: number | null;
  @Field() @Column('text') message!: string;
  @Field({ description: "When the condition began, by the device's clock." })
  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;
  @Field() @Column('timestamptz', { name: 'raised_at' }) raisedAt!: Date;
  @Field(() => Date, { nullable: true })
  @Column('timestamptz', { name: 'acknowledged_at', nullable: true })
  acknowledgedAt!: Date | null;
  @Column('text', { name: 'acknowledged_by', nullable: true }) acknowledgedById!: string | null;
  @Column('text', { name: 'assignee_id', nullable: true }) assigneeId!: string | null;
  @Field(() => Date, { nullable: true })
  @Column('timestamptz', { name: 'escalated_at', nullable: true })
  escalatedAt!: Date | null;
  @Field(() => Int, { description: 'How often it has escalated.' })
  @Column('integer', { name: 'escalation_level' })
  escalationLevel!: number;
  @Field(() => Date, { nullable: true })
  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt!: Date | null;
  @Field(() => Int, { description: 'Repeats folded into this alert instead of new ones.' })
  @Column('integer')
  occurrences!: number;
  @Field({ description: 'Recorded, but nobody is notified: by a silence, or because the device is offline.' })
  @Column('boolean')
  silenced!: boolean;
  /** How many events of its history it has had; in a change, how many at that transition. */
  @Column('integer', { name: 'event_count' }) eventCount!: number;
}

/** A row as `to_jsonb` writes it; what came with a later migration may be absent. */
export interface AlertSnapshot {
  id: string;
  organization_id: string;
  rule_id: string;
  device_id: string;
  device_key: string;
  device_name: string;
  asset_id: string | null;
  patient_id: string | null;
  kind: AlertKind;
  severity: Severity;
  severity_rank: number;
  status: AlertStatus;
  metric: string | null;
  value: number | null;
  unit: string | null;
  threshold: number | null;
  message: string;
  started_at: string;
  raised_at: string;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  assignee_id?: string | null;
  escalated_at?: string | null;
  escalation_level?: number;
  silenced?: boolean;
  previous_value?: number | null;
  resolved_at: string | null;
  occurrences: number;
  event_count: number;
}

export function alertOfSnapshot(row: AlertSnapshot): Alert {
  return Object.assign(new Alert(), {
    id: row.id,
    organizationId: row.organization_id,
    ruleId: row.rule_id,
    deviceId: row.device_id,
    deviceKey: row.device_key,
    deviceName: row.device_name,
    assetId: row.asset_id,
    patientId: row.patient_id,
    kind: row.kind,
    severity: row.severity,
    severityRank: row.severity_rank,
    status: row.status,
    metric: row.metric,
    value: row.value,
    unit: row.unit,
    threshold: row.threshold,
    message: row.message,
    startedAt: new Date(row.started_at),
    raisedAt: new Date(row.raised_at),
    acknowledgedAt: dateOf(row.acknowledged_at),
    acknowledgedById: row.acknowledged_by,
    assigneeId: row.assignee_id ?? null,
    escalatedAt: dateOf(row.escalated_at ?? null),
    escalationLevel: row.escalation_level ?? 0,
    silenced: row.silenced ?? false,
    resolvedAt: dateOf(row.resolved_at),
    occurrences: row.occurrences,
    eventCount: row.event_count,
  });
}

const dateOf = (text: string | null) => (text === null ? null : new Date(text));
