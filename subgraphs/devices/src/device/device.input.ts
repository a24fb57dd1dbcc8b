import type { Connectivity } from '@pulsegraph/contracts';
import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import type { DeviceCriteria } from '../change/device-filter.js';
import { ConnectivityEnum, DeviceLifecycle } from './device.entity.js';
import type { DeviceOrderField as OrderField } from './device-list.repository.js';

export const DeviceOrderField = { NAME: 'NAME', KEY: 'KEY', LAST_SEEN: 'LAST_SEEN', CREATED: 'CREATED' } as const;
registerEnumType(DeviceOrderField, { name: 'DeviceOrderField' });
export const OrderDirection = { ASC: 'ASC', DESC: 'DESC' } as const;
registerEnumType(OrderDirection, { name: 'OrderDirection' });

@InputType()
export class LabelInput {
  @Field() key!: string;
  @Field() value!: string;
}

@InputType()
export class DeviceFilter implements DeviceCriteria {
  @Field(() => [ID], { nullable: true }) ids?: string[] | null;
  @Field(() => String, { nullable: true }) search?: string | null;
  @Field(() => ID, { nullable: true }) profileId?: string | null;
  @Field(() => ID, { nullable: true, description: 'Includes everything below the asset.' }) assetId?: string | null;
  @Field(() => ID, { nullable: true }) patientId?: string | null;
  @Field(() => ConnectivityEnum, { nullable: true }) connectivity?: Connectivity | null;
  @Field(() => [LabelInput], { nullable: true }) labels?: LabelInput[] | null;
  @Field(() => DeviceLifecycle, { nullable: true }) lifecycle?: DeviceLifecycle | null = 'ACTIVE';
}

@InputType()
export class DeviceOrder {
  @Field(() => DeviceOrderField) field!: OrderField;
  @Field(() => OrderDirection) direction: keyof typeof OrderDirection = 'ASC';
}

@InputType()
export class RegisterDeviceInput {
  @Field() key!: string;
  @Field() name!: string;
  @Field(() => ID) profileId!: string;
  @Field(() => ID, { nullable: true }) assetId?: string | null;
  @Field(() => [LabelInput], { nullable: true }) labels?: LabelInput[] | null;
}

@InputType({ description: 'A field that is absent stays; an explicit null clears.' })
export class UpdateDeviceInput {
  @Field(() => String, { nullable: true }) name?: string | null;
  @Field(() => ID, { nullable: true }) profileId?: string | null;
  @Field(() => ID, { nullable: true }) assetId?: string | null;
  @Field(() => [LabelInput], { nullable: true }) labels?: LabelInput[] | null;
}
