import type { Keyset } from '@pulsegraph/kit/pagination';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Notice } from '../notification/template.js';

export const DeliveryStatus = {
  PENDING: 'PENDING',
  DELIVERED: 'DELIVERED',
  RETRYING: 'RETRYING',
  FAILED: 'FAILED',
  SUPPRESSED: 'SUPPRESSED',
} as const;
export type DeliveryStatus = keyof typeof DeliveryStatus;
registerEnumType(DeliveryStatus, { name: 'DeliveryStatus' });

/** `DELIVERED`: taken by the next server. `REFUSED`: for good. `FAILED`: for now. `NO_ANSWER`: it may have arrived. */
export const AttemptOutcome = { DELIVERED: 'DELIVERED', REFUSED: 'REFUSED', FAILED: 'FAILED', NO_ANSWER: 'NO_ANSWER' } as const;
export type AttemptOutcome = keyof typeof AttemptOutcome;
registerEnumType(AttemptOutcome, { name: 'AttemptOutcome' });

/** When raised, at each step of escalation, when resolved, or a test. */
export type Stage = `${number}` | 'resolved' | 'test';

@ObjectType({ description: 'One notification to one recipient, and what became of it.' })
@Entity({ name: 'notification_delivery' })
export class NotificationDelivery {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('uuid', { name: 'channel_id' }) channelId!: string;
  @Column('uuid', { name: 'alert_id', nullable: true }) alertId!: string | null;
  @Column('integer') episode!: number;
  @Column('text') stage!: Stage;
  @Column('text') recipient!: string;
  @Column('text', { name: 'group_key' }) groupKey!: string;
  @Field(() => DeliveryStatus) @Column('text') status!: DeliveryStatus;
  @Field(() => Int) @Column('integer', { default: 0 }) attempts!: number;
  @Field(() => String, { nullable: true, description: 'Why the last attempt failed, why it waits, or why it was not sent.' })
  @Column('text', { name: 'last_error', nullable: true })
  lastError!: string | null;
  @Field() @Column('timestamptz', { name: 'requested_at' }) requestedAt!: Date;
  @Field(() => Date, { nullable: true }) @Column('timestamptz', { name: 'delivered_at', nullable: true }) deliveredAt!: Date | null;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('text', { nullable: true }) held!: string | null;
  @Column('timestamptz', { name: 'give_up_at', nullable: true }) giveUpAt!: Date | null;
  @Field({ description: 'An attempt was given no answer: it may have arrived more than once. Every attempt carries the same message id.' })
  @Column('boolean', { default: false })
  uncertain!: boolean;
  @Column('uuid', { name: 'message_id', nullable: true }) messageId!: string | null;
  @Column('jsonb') notice!: Notice;
}

@ObjectType()
@Entity({ name: 'delivery_attempt' })
export class DeliveryAttempt {
  @PrimaryColumn('uuid', { name: 'delivery_id' }) deliveryId!: string;
  @Field(() => Int) @PrimaryColumn('integer') no!: number;
  @Field() @Column('timestamptz', { name: 'started_at' }) startedAt!: Date;
  @Field(() => Date, { nullable: true }) @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Field(() => AttemptOutcome, { nullable: true, description: 'Null while it runs.' })
  @Column('text', { nullable: true })
  outcome!: AttemptOutcome | null;
  @Field(() => String, { nullable: true, description: 'What the other side said.' }) @Column('text', { nullable: true }) detail!:
    string | null;
}

export const deliveryKeysetOf = (delivery: NotificationDelivery): Keyset => [delivery.requestedAt.toISOString(), delivery.id];
