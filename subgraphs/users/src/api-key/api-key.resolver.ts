import { Requires } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Directive, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { ApiKey, ApiKeyConnection, ApiKeyInput, CreatedApiKey } from './api-key.entity.js';
import { ApiKeyService } from './api-key.service.js';

@Resolver(() => ApiKey)
export class ApiKeyResolver {
  constructor(private readonly service: ApiKeyService) {}

  @Requires('users:manage')
  @Directive('@listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false)')
  @Query(() => ApiKeyConnection, { description: 'For administrators, newest first; those that no longer work included.' })
  apiKeys(
    @Arg('first', () => Int, { defaultValue: 50, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Ctx() { viewer, requestId }: UsersContext,
  ): Promise<ApiKeyConnection> {
    return this.service.list(viewer, first ?? 50, after, requestId);
  }

  @Requires('users:manage')
  @Mutation(() => CreatedApiKey, { description: 'For administrators. The secret is shown once.' })
  createApiKey(@Arg('input') input: ApiKeyInput, @Ctx() { viewer }: UsersContext): Promise<CreatedApiKey> {
    return this.service.create(viewer, input);
  }

  @Requires('users:manage')
  @Mutation(() => ApiKey, { description: 'For administrators. Counts at once, for open subscriptions too. Fails with NOT_FOUND.' })
  revokeApiKey(@Arg('id', () => ID) id: string, @Ctx() { viewer }: UsersContext): Promise<ApiKey> {
    return this.service.revoke(viewer, id);
  }
}
