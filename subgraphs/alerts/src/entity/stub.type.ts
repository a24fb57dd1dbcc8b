import { Requires } from '@pulsegraph/kit/subgraph';
import { Directive, Field, ID, ObjectType } from 'type-graphql';

/** Entities of other subgraphs: here they are an id, and what alerts adds to them. */
@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
export class Device {
  @Field(() => ID) id!: string;
}

@Requires('graph:read')
@Directive('@key(fields: "id")')
@ObjectType()
export class Asset {
  @Field(() => ID) id!: string;
}

@Requires('patients:read')
@Directive('@key(fields: "id")')
@ObjectType()
export class Patient {
  @Field(() => ID) id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType()
export class User {
  @Field(() => ID) id!: string;
}

/** A new object each time: federation writes `__typename` onto it. */
export const stubOf = (id: string | null): { id: string } | null => (id === null ? null : { id });
