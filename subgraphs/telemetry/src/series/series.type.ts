import { Duration, NumberList } from '@pulsegraph/kit/scalars';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Gap } from './gap.type.js';

@ObjectType()
export class SeriesPoint {
  @Field(() => Date) at!: Date;
  @Field(() => Float) avg!: number;
  @Field(() => Float) min!: number;
  @Field(() => Float) max!: number;
  @Field(() => Float) last!: number;
  @Field(() => Int) count!: number;
}

@ObjectType({ description: 'The same points by column, for charts. `at` is milliseconds since 1970.' })
export class SeriesColumns {
  @Field(() => NumberList) at!: number[];
  @Field(() => NumberList) avg!: number[];
  @Field(() => NumberList) min!: number[];
  @Field(() => NumberList) max!: number[];
  @Field(() => NumberList) last!: number[];
  @Field(() => NumberList) count!: number[];
}

@ObjectType()
export class Series {
  @Field(() => ID) deviceId!: string;
  @Field() metric!: string;
  @Field() unit!: string;
  @Field(() => Duration, { nullable: true, description: 'The width of one point; null when the points are raw readings.' })
  resolution!: number | null;
  @Field(() => [SeriesPoint]) points!: SeriesPoint[];
  @Field(() => SeriesColumns) columns!: SeriesColumns;
  @Field(() => [Gap], { description: 'Where data should have been and is not.' }) gaps!: Gap[];
}

@InputType()
export class SeriesRequest {
  @Field(() => ID) deviceId!: string;
  @Field() metric!: string;
  @Field(() => Date) from!: Date;
  @Field(() => Date) to!: Date;
  @Field(() => Int, { defaultValue: 500 }) maxPoints!: number;
}
