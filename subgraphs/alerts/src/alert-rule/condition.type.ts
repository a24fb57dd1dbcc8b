import { Duration } from '@pulsegraph/kit/scalars';
import type { AnomalySensitivity } from '../anomaly/index.js';
import { Field, Float, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

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

@ObjectType('RateOfChangeCondition')
export class RateOfChangeConditionType {
  @Field() metric!: string;
  @Field(() => Float, { description: 'Rising or falling, in the metric’s unit per minute.' }) perMinuteAbove!: number;
  @Field(() => Duration, { name: 'over' }) overMs!: number;
}

export const AnomalySensitivityEnum = { LOW: 'LOW', MEDIUM: 'MEDIUM', HIGH: 'HIGH' } as const;
registerEnumType(AnomalySensitivityEnum, { name: 'AnomalySensitivity' });

@ObjectType('AnomalyCondition')
export class AnomalyConditionType {
  @Field() metric!: string;
  @Field(() => AnomalySensitivityEnum) sensitivity!: AnomalySensitivity;
}

@ObjectType('TrendCondition')
export class TrendConditionType {
  @Field() metric!: string;
  @Field(() => Float) reaches!: number;
  @Field(() => Duration, { name: 'within' }) withinMs!: number;
  @Field(() => Duration, { name: 'over' }) overMs!: number;
}

@ObjectType('EarlyWarningScoreCondition')
export class EarlyWarningScoreConditionType {
  @Field(() => Int) score!: number;
  @Field() singleParameter!: boolean;
  @Field(() => Duration, { name: 'validFor', description: 'How long a measured parameter counts.' }) validForMs!: number;
}

@ObjectType('Condition', { description: 'Exactly one field is set; the same shape as ConditionInput.' })
export class ConditionType {
  @Field(() => ThresholdConditionType, { nullable: true }) threshold?: ThresholdConditionType | null;
  @Field(() => RateOfChangeConditionType, { nullable: true }) rateOfChange?: RateOfChangeConditionType | null;
  @Field(() => OfflineConditionType, { nullable: true }) offline?: OfflineConditionType | null;
  @Field(() => AnomalyConditionType, { nullable: true }) anomaly?: AnomalyConditionType | null;
  @Field(() => TrendConditionType, { nullable: true }) trend?: TrendConditionType | null;
  @Field(() => EarlyWarningScoreConditionType, { nullable: true }) earlyWarningScore?: EarlyWarningScoreConditionType | null;
  @Field(() => [ConditionType], { nullable: true }) all?: ConditionType[] | null;
  @Field(() => [ConditionType], { nullable: true }) any?: ConditionType[] | null;
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

@InputType()
export class RateOfChangeInput {
  @Field() metric!: string;
  @Field(() => Float, { description: 'Rising or falling, in the metric’s unit per minute.' }) perMinuteAbove!: number;
  @Field(() => Duration, { defaultValue: 60_000, description: 'Measured over this long.' }) over!: number;
}

@InputType({ description: 'The metric behaves unlike its own past.' })
export class AnomalyInput {
  @Field() metric!: string;
  @Field(() => AnomalySensitivityEnum, { defaultValue: 'MEDIUM' }) sensitivity!: AnomalySensitivity;
}

@InputType()
export class TrendInput {
  @Field() metric!: string;
  @Field(() => Float, { description: 'Warn when the fitted line crosses the limit within this horizon.' }) reaches!: number;
  @Field(() => Duration) within!: number;
  @Field(() => Duration, { defaultValue: 3_600_000, description: 'The line is fitted over this long.' }) over!: number;
}

@InputType({ description: 'A decision aid, not a medical device.' })
export class EarlyWarningScoreInput {
  @Field(() => Int, { defaultValue: 5, description: 'NEWS2 aggregate at or above.' }) score!: number;
  @Field({ defaultValue: true, description: 'Or any single parameter scoring 3.' }) singleParameter!: boolean;
  @Field(() => Duration, { defaultValue: 3_600_000, description: 'How long a measured parameter counts.' }) validFor!: number;
}

@InputType({ description: 'Exactly one field; checked by the service (composition does not know @oneOf).' })
export class ConditionInput {
  @Field(() => ThresholdInput, { nullable: true }) threshold?: ThresholdInput | null;
  @Field(() => RateOfChangeInput, { nullable: true }) rateOfChange?: RateOfChangeInput | null;
  @Field(() => OfflineInput, { nullable: true }) offline?: OfflineInput | null;
  @Field(() => AnomalyInput, { nullable: true }) anomaly?: AnomalyInput | null;
  @Field(() => TrendInput, { nullable: true }) trend?: TrendInput | null;
  @Field(() => EarlyWarningScoreInput, { nullable: true }) earlyWarningScore?: EarlyWarningScoreInput | null;
  @Field(() => [ConditionInput], { nullable: true }) all?: ConditionInput[] | null;
  @Field(() => [ConditionInput], { nullable: true }) any?: ConditionInput[] | null;
}
