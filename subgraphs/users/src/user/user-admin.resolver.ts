import { Requires } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Field, ID, InputType, Mutation, Resolver } from 'type-graphql';
import type { Role } from '@pulsegraph/contracts';
import type { UsersContext } from '../context.js';
import { RoleEnum } from './role.enum.js';
import { UserAdminService } from './user-admin.service.js';
import { User } from './user.entity.js';

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateUserInput {
  @Field(() => String, { nullable: true }) displayName?: string | null;
  @Field(() => RoleEnum, { nullable: true }) role?: Role | null;
}

@Resolver(() => User)
export class UserAdminResolver {
  constructor(private readonly administration: UserAdminService) {}

  @Requires('users:manage')
  @Mutation(() => User, {
    description:
      'For administrators. A changed role counts at once. Fails with NOT_FOUND, and with CONFLICT when no administrator would be left.',
  })
  updateUser(@Arg('id', () => ID) id: string, @Arg('input') input: UpdateUserInput, @Ctx() { viewer }: UsersContext): Promise<User> {
    return this.administration.update(viewer, id, input);
  }

  @Requires('users:manage')
  @Mutation(() => User, {
    description:
      'For administrators. Ends every session at once. Fails with NOT_FOUND, and with CONFLICT when no administrator would be left.',
  })
  deactivateUser(@Arg('id', () => ID) id: string, @Ctx() { viewer }: UsersContext): Promise<User> {
    return this.administration.deactivate(viewer, id);
  }

  @Requires('users:manage')
  @Mutation(() => User, { description: 'For administrators. The person signs in as before. Fails with NOT_FOUND.' })
  reactivateUser(@Arg('id', () => ID) id: string, @Ctx() { viewer }: UsersContext): Promise<User> {
    return this.administration.reactivate(viewer, id);
  }

  @Requires('users:manage')
  @Mutation(() => User, {
    description:
      'For administrators: removes the second factor of somebody who lost phone and recovery codes, so that the password alone lets them in again. Fails with NOT_FOUND.',
  })
  resetUserMfa(@Arg('id', () => ID) id: string, @Ctx() { viewer }: UsersContext): Promise<User> {
    return this.administration.removeSecondFactor(viewer, id);
  }
}
