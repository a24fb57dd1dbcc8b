import { Requires } from '@pulsegraph/kit/subgraph';
import { Directive, Field, ID, ObjectType } from 'type-graphql';

// What devices owns; here they carry readings.

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
export class Device {
  @Field(() => ID) id!: string;
}

@Requires('patients:read')
@Directive('@key(fields: "id")')
@ObjectType({ description: 'Readings of whatever device the patient was connected to at the time; needs the right to read patients.' })
export class Patient {
  @Field(() => ID) id!: string;
}

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
export class Asset {
  @Field(() => ID) id!: string;
}
