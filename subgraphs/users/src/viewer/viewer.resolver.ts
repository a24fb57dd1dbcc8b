import { OpenTo } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { PreferencesInput } from '../preferences/preferences.input.js';
import { PreferencesService } from '../preferences/preferences.service.js';
import { ViewerService } from './viewer.service.js';
import { ViewerView } from './viewer.type.js';

@Resolver(() => ViewerView)
export class ViewerResolver {
  constructor(
    private readonly viewers: ViewerService,
    private readonly preferences: PreferencesService,
  ) {}

  @OpenTo('ANYONE')
  @Query(() => ViewerView, { nullable: true, description: 'The caller; null when not signed in.' })
  async viewer(@Ctx() { viewer, requestId }: UsersContext): Promise<ViewerView | null> {
    return viewer && this.viewers.describe(viewer, requestId);
  }

  @OpenTo('SIGNED_IN')
  @Mutation(() => ViewerView, { description: 'What is left out stays as it is. For people; an API key has no preferences.' })
  async updatePreferences(@Arg('input') input: PreferencesInput, @Ctx() { viewer, requestId }: UsersContext): Promise<ViewerView> {
    await this.preferences.update(viewer, input, requestId);
    return this.viewers.describe(viewer!, requestId);
  }
}
