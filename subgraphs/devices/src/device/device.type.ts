import { Field, Int, ObjectType } from 'type-graphql';
import { DeviceCredential } from '../credential/credential.type.js';
import { Device } from './device.entity.js';

@ObjectType()
export class RegisterDevicePayload {
  @Field(() => Device) device!: Device;
  @Field(() => DeviceCredential) credential!: DeviceCredential;
}

@ObjectType()
export class FleetStatus {
  @Field(() => Int) total!: number;
  @Field(() => Int) online!: number;
  @Field(() => Int) offline!: number;
  @Field(() => Int) neverSeen!: number;
}
