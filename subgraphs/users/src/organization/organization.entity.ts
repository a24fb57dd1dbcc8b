import { Requires } from '@pulsegraph/kit/subgraph';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

@Requires('graph:read', { otherwise: 'NULL' })
@Directive('@key(fields: "id")')
@ObjectType({ description: 'The key is a slug used in topics; it never changes.' })
@Entity({ name: 'organization' })
@Unique('organization_key_key', ['key'])
export class Organization {
  @Field(() => ID) @PrimaryColumn('uuid') id!: string;
  @Field() @Column('text') key!: string;
  @Field() @Column('text') name!: string;
  @Field() @Column('text', { name: 'time_zone', default: 'UTC' }) timeZone!: string;
  @Column('timestamptz', { name: 'created_at', default: () => 'now()' }) createdAt!: Date;
}
