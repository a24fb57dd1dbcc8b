import { Requires } from '@pulsegraph/kit/subgraph';
import type { Role } from '@pulsegraph/contracts';
import { Arg, Ctx, Directive, ID, Int, Query, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { RoleEnum } from './role.enum.js';
import { UserConnection } from './user-connection.type.js';
import { User } from './user.entity.js';
import { UserService } from './user.service.js';

@Resolver(() => User)
export class UserResolver {
  constructor(private readonly service: UserService) {}

  @Requires('users:manage')
  @Query(() => User, { nullable: true, description: 'For administrators. Fails with NOT_FOUND.' })
  user(@Arg('id', () => ID) id: string, @Ctx() { viewer, requestId }: UsersContext): Promise<User> {
    return this.service.get(viewer, id, requestId);
  }

  @Requires('users:manage')
  @Directive('@listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false)')
  @Query(() => UserConnection, { description: 'For administrators, by name. `search` looks into name and address.' })
  users(
    @Arg('first', () => Int, { defaultValue: 50, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('search', () => String, { nullable: true }) search: string | null,
    @Arg('role', () => RoleEnum, { nullable: true }) role: Role | null,
    @Ctx() { viewer, requestId }: UsersContext,
  ): Promise<UserConnection> {
    return this.service.list(viewer, { first, after, search, role }, requestId);
  }
}
