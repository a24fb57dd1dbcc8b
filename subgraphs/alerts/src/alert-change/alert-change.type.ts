import type { AlertTransition } from '@pulsegraph/contracts';
import { Cursor } from '@pulsegraph/kit/scalars';
import { Field, ObjectType } from 'type-graphql';
import { AlertTransitionEnum } from '../alert/alert-event.entity.js';
import { Alert } from '../alert/alert.entity.js';

@ObjectType({ description: 'The alert as it was at this transition.' })
export class AlertChange {
  @Field(() => Cursor) cursor!: string;
  @Field(() => AlertTransitionEnum) transition!: AlertTransition;
  @Field(() => Alert) alert!: Alert;
  @Field() at!: Date;
}
