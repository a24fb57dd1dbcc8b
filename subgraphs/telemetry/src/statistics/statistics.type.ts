import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

export const StatisticsWindow = { HOUR: 'HOUR', DAY: 'DAY', WEEK: 'WEEK' } as const;
export type StatisticsWindow = keyof typeof StatisticsWindow;
registerEnumType(StatisticsWindow, { name: 'StatisticsWindow' });

export const Trend = { RISING: 'RISING', FALLING: 'FALLING', STABLE: 'STABLE' } as const;
export type Trend = keyof typeof Trend;
registerEnumType(Trend, { name: 'Trend' });

@ObjectType()
export class Statistics {
  @Field() metric!: string;
  @Field(() => StatisticsWindow) window!: StatisticsWindow;
  @Field(() => Int) count!: number;
  @Field(() => Float) avg!: number;
  @Field(() => Float) min!: number;
  @Field(() => Float) max!: number;
  @Field(() => Float, {
    nullable: true,
    description: 'Exact while the window holds at most 100,000 readings, else within medianError.',
  })
  median!: number | null;
  @Field(() => Float, { nullable: true }) medianError!: number | null;
  @Field(() => Float, { nullable: true, description: 'Null with fewer than two readings.' }) stdDev!: number | null;
  @Field(() => Float, { nullable: true, description: 'Least-squares slope in units per hour; null with fewer than two readings.' })
  slopePerHour!: number | null;
  @Field(() => Trend, { description: 'STABLE while the fitted change over the window is below one standard deviation.' }) trend!: Trend;
}
