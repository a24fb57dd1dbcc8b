import { OpenTo } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { requirePerson } from '../viewer/require-person.js';
import { SessionInfo } from './session-info.js';
import { SessionService } from './session.service.js';

@Resolver(() => SessionInfo)
export class SessionListResolver {
  constructor(private readonly service: SessionService) {}

  @OpenTo('SIGNED_IN')
  @Query(() => [SessionInfo], { description: 'Where the caller is signed in, newest use first.' })
  async sessions(@Ctx() { viewer }: UsersContext): Promise<SessionInfo[]> {
    const person = requirePerson(viewer);
    const open = await this.service.listOpen(person.id);
    return open.map((session) => ({ ...session, ip: session.address, current: session.id === person.sessionId }));
  }

  @OpenTo('SIGNED_IN')
  @Mutation(() => Boolean, { description: 'Signs one of the caller’s sessions out. Fails with NOT_FOUND.' })
  async endSession(@Arg('id', () => ID) id: string, @Ctx() { viewer }: UsersContext): Promise<boolean> {
    await this.service.endOwn(requirePerson(viewer).id, id);
    return true;
  }
}
