import { Field, ID, ObjectType } from 'type-graphql';
import { Alert } from './alert.entity.js';

@ObjectType()
export class RefusedAlert {
  @Field(() => ID) id!: string;
  @Field({ description: 'NOT_FOUND, ALERT_ALREADY_ACKNOWLEDGED or ALERT_ALREADY_RESOLVED.' }) code!: string;
}

@ObjectType()
export class BulkAcknowledgement {
  @Field(() => [Alert]) acknowledged!: Alert[];
  @Field(() => [RefusedAlert]) refused!: RefusedAlert[];
}
