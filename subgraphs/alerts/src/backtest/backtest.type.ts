import type { AlertKind } from '@pulsegraph/contracts';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { AlertKindEnum } from '../alert/alert.entity.js';

@ObjectType()
export class BacktestAlert {
  @Field(() => ID) deviceId!: string;
  @Field(() => AlertKindEnum) kind!: AlertKind;
  @Field({ description: 'When the condition began.' }) startedAt!: Date;
  @Field(() => Date, { nullable: true, description: 'Null: still open at the end.' }) resolvedAt!: Date | null;
  @Field(() => Float, { nullable: true }) value!: number | null;
}

@ObjectType()
export class Backtest {
  @Field(() => Float, { description: 'How many stored readings were evaluated.' }) evaluated!: number;
  @Field(() => [BacktestAlert], { description: 'Oldest first, the first 1,000.' }) alerts!: BacktestAlert[];
  @Field(() => Float, { description: 'Of all alerts, also beyond those listed.' }) alertsPerDay!: number;
  @Field(() => Int) durationMs!: number;
}
