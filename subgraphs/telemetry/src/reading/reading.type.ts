import type { ReadingQuality as Quality } from '@pulsegraph/contracts';
import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Asset, Device, Patient } from '../reference/reference.type.js';

export const ReadingQuality: { [K in Quality]: K } = { GOOD: 'GOOD', LATE: 'LATE', SUSPECT: 'SUSPECT' };
registerEnumType(ReadingQuality, { name: 'ReadingQuality' });

@ObjectType()
export class Reading {
  @Field(() => ID) deviceId!: string;
  @Field() deviceKey!: string;
  @Field(() => Device, { nullable: true }) device!: Device | null;
  @Field(() => Asset, { nullable: true, description: 'As assigned when it was recorded.' }) asset!: Asset | null;
  @Field(() => Patient, { nullable: true }) patient!: Patient | null;
  @Field() metric!: string;
  @Field(() => Float, { nullable: true }) value!: number | null;
  @Field(() => String, { nullable: true, description: 'For metrics whose values are words; then value is null.' }) text!: string | null;
  @Field() unit!: string;
  @Field(() => Date, { description: "By the device's clock." }) recordedAt!: Date;
  @Field(() => Date, { description: 'When the platform accepted it.' }) receivedAt!: Date;
  @Field(() => ReadingQuality) quality!: Quality;
}
