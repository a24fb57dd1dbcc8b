import type { Connectivity } from '@pulsegraph/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whether a device is there: written by connectivity/ about once a second, apart from what people edit. */
@Entity({ name: 'device_presence' })
export class DevicePresence {
  @PrimaryColumn('uuid', { name: 'device_id' }) deviceId!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Column('text') connectivity!: Connectivity;
  @Column('timestamptz') since!: Date;
  @Column('timestamptz', { name: 'last_seen_at', nullable: true }) lastSeenAt!: Date | null;
  @Column('boolean', { name: 'status_online', nullable: true }) statusOnline!: boolean | null;
  @Column('timestamptz', { name: 'status_at', nullable: true }) statusAt!: Date | null;
}
