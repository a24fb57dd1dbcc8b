import { Duration } from '@pulsegraph/kit/scalars';
import { Field, Float, InputType, ObjectType } from 'type-graphql';

@ObjectType('ThresholdCondition')
export class ThresholdConditionType {
  @Field() metric!: string;
  @Field(() => Float, { nullable: true }) above!: number | null;
  @Field(() => Float, { nullable: true }) below!: number | null;
  @Field(() => Duration, { name: 'for', description: 'Must hold this long.' }) forMs!: number;
  @Field(() => Float, { description: "Clears only past the limit by this much, in the metric's unit." }) hysteresis!: number;
  @Field(() => Duration, { name: 'clearAfter', description: 'Clears only after this long.' }) clearAfterMs!: number;
}

@ObjectType('OfflineCondition')
export class OfflineConditionType {
  @Field(() => String, { nullable: true }) metric!: string | null;
  @Field(() => Duration, { name: 'after', nullable: true }) afterMs!: number | null;
}

@ObjectType('Condition', { description: 'Exactly one field is set; the same shape as ConditionInput.' })
export class ConditionType {
  @Field(() => ThresholdConditionType, { nullable: true }) threshold?: ThresholdConditionType | null;
  @Field(() => OfflineConditionType, { nullable: true }) offline?: OfflineConditionType | null;
}

@InputType()
export class ThresholdInput {
  @Field() metric!: string;
  @Field(() => Float, { nullable: true }) above?: number | null;
  @Field(() => Float, { nullable: true }) below?: number | null;
  @Field(() => Duration, { nullable: true, defaultValue: 0, description: 'Must hold this long.' }) for?: number | null;
  @Field(() => Float, { nullable: true, defaultValue: 0, description: 'Clears only past the limit by this much.' }) hysteresis?:
    number | null;
  @Field(() => Duration, { nullable: true, defaultValue: 0, description: 'Clears only after this long.' }) clearAfter?: number | null;
}

@InputType({
  description:
    'Without a metric: the device is offline, or silent for `after` where that is given. With one: that metric is missing (NO_DATA).',
})
export class OfflineInput {
  @Field(() => String, { nullable: true }) metric?: string | null;
  @Field(() => Duration, { nullable: true }) after?: number | null;
}

@InputType({ description: 'Exactly one field; checked by the service (composition does not know @oneOf).' })
export class ConditionInput {
  @Field(() => ThresholdInput, { nullable: true }) threshold?: ThresholdInput | null;
  @Field(() => OfflineInput, { nullable: true }) offline?: OfflineInput | null;
}
