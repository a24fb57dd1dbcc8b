import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A browser that somebody has registered. */
@Entity({ name: 'push_subscription' })
export class PushSubscription {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('text', { name: 'user_id' }) userId!: string;
  @Column('text') endpoint!: string;
  /** The browser's keys. */
  @Column('text') sealed!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
