import { Requires } from '@pulsegraph/kit/subgraph';
import { CONNECTIVITIES, type Connectivity } from '@pulsegraph/contracts';
import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { DevicePresence } from './device-presence.entity.js';

export const ConnectivityEnum = Object.fromEntries(CONNECTIVITIES.map((value) => [value, value])) as { [K in Connectivity]: K };
registerEnumType(ConnectivityEnum, { name: 'Connectivity' });

export const DeviceLifecycle = { ACTIVE: 'ACTIVE', RETIRED: 'RETIRED' } as const;
export type DeviceLifecycle = keyof typeof DeviceLifecycle;
registerEnumType(DeviceLifecycle, { name: 'DeviceLifecycle' });

@ObjectType()
export class Label {
  @Field() key!: string;
  @Field() value!: string;
}

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
@Entity({ name: 'device' })
export class Device {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'organization_id' }) organizationId!: string;
  @Field() @Column('text') key!: string;
  @Field() @Column('text') name!: string;
  @Column('uuid', { name: 'profile_id' }) profileId!: string;
  @Field(() => [Label]) @Column('jsonb') labels!: Label[];
  @Field(() => DeviceLifecycle) @Column('text') lifecycle!: DeviceLifecycle;
  @Field(() => Date) @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Field(() => Date) @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  // Null while the MQTT edge has not yet accepted the first credential; invisible until then.
  @Column('timestamptz', { name: 'accepted_at', nullable: true }) acceptedAt!: Date | null;

  @OneToOne(() => DevicePresence)
  @JoinColumn({ name: 'id', referencedColumnName: 'deviceId' })
  presence!: Relation<DevicePresence>;

  @Field(() => ConnectivityEnum)
  get connectivity(): Connectivity {
    return this.presence.connectivity;
  }

  @Field(() => Date, { nullable: true })
  get lastSeenAt(): Date | null {
    return this.presence.lastSeenAt;
  }
}
