import type { Severity } from '@pulsegraph/contracts';
import type { Keyset } from '@pulsegraph/kit/pagination';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SeverityEnum } from '../alert/alert.entity.js';
import { CHANNEL_KINDS, type ChannelKind, type OpenSettings } from './settings.rules.js';

export const ChannelKindEnum = Object.fromEntries(CHANNEL_KINDS.map((name) => [name, name])) as { [K in ChannelKind]: K };
registerEnumType(ChannelKindEnum, { name: 'ChannelKind' });

@ObjectType({ description: 'A way to reach people or another system.' })
@Entity({ name: 'notification_channel' })
export class NotificationChannel {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') name!: string;
  @Field(() => ChannelKindEnum) @Column('text') kind!: ChannelKind;
  @Field() @Column('boolean') enabled!: boolean;
  @Field(() => SeverityEnum, { description: 'Alerts below it are not sent here.' })
  @Column('text', { name: 'min_severity' })
  minSeverity!: Severity;
  @Column('jsonb')
  settings!: OpenSettings;
  /** The secrets of its settings. */
  @Column('text', { nullable: true, select: false }) sealed!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  /** Failures in a row; the notifier's. */
  @Column('integer', { default: 0 }) failures!: number;
  @Column('timestamptz', { name: 'open_until', nullable: true }) openUntil!: Date | null;
}

export const channelKeysetOf = (channel: NotificationChannel): Keyset => [channel.name.toLowerCase(), channel.id];
