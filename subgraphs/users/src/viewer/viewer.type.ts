import type { Permission, Role } from '@pulsegraph/contracts';
import { Field, ObjectType } from 'type-graphql';
import { ApiKey } from '../api-key/api-key.entity.js';
import { Organization } from '../organization/organization.entity.js';
import { Preferences } from '../preferences/preferences.entity.js';
import { RoleEnum } from '../user/role.enum.js';
import { User } from '../user/user.entity.js';

@ObjectType('Viewer')
export class ViewerView {
  @Field(() => User, { nullable: true, description: 'Null when the caller is an API key.' }) user!: User | null;
  @Field(() => ApiKey, { nullable: true, description: 'Null when the caller is a person.' }) apiKey!: ApiKey | null;
  @Field(() => RoleEnum) role!: Role;
  @Field() organization!: Organization;
  @Field(() => [String], { description: 'What the role permits; the client shows no more than this.' }) permissions!: readonly Permission[];
  @Field() preferences!: Preferences;
}
