import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'The token is shown once and stored only as a hash.' })
export class DeviceCredential {
  @Field() username!: string;
  @Field() token!: string;
  @Field() mqttUrl!: string;
}
