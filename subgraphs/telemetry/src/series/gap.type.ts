import { Field, ObjectType } from 'type-graphql';
import type { Span } from './series-columns.js';

@ObjectType()
export class Gap {
  @Field(() => Date) from!: Date;
  @Field(() => Date) to!: Date;
}

export function toGap({ fromMs, toMs }: Span): Gap {
  return { from: new Date(fromMs), to: new Date(toMs) };
}
