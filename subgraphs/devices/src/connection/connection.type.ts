import { PageInfo } from '@pulsegraph/kit/pagination';
import { Field, ObjectType } from 'type-graphql';
import { Asset } from '../asset/asset.entity.js';
import { Assignment } from '../assignment/assignment.entity.js';
import { Device } from '../device/device.entity.js';
import { Patient } from '../patient/patient.entity.js';
import { DeviceProfile } from '../profile/profile.entity.js';

/** `totalCount` is asked for only by those who select it. */
abstract class Counted {
  count!: () => Promise<number>;
}

@ObjectType()
export class DeviceEdge {
  @Field() cursor!: string;
  @Field(() => Device) node!: Device;
}

@ObjectType()
export class DeviceConnection extends Counted {
  @Field(() => [Device]) nodes!: Device[];
  @Field(() => [DeviceEdge]) edges!: DeviceEdge[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@ObjectType()
export class PatientConnection extends Counted {
  @Field(() => [Patient]) nodes!: Patient[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@ObjectType()
export class DeviceProfileConnection extends Counted {
  @Field(() => [DeviceProfile]) nodes!: DeviceProfile[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@ObjectType()
export class AssetConnection extends Counted {
  @Field(() => [Asset]) nodes!: Asset[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}

@ObjectType()
export class AssignmentConnection {
  @Field(() => [Assignment]) nodes!: Assignment[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
}
