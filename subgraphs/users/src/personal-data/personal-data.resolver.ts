import { JsonScalar } from '@pulsegraph/kit/scalars';
import { OpenTo, Requires } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { PersonalDataService } from './personal-data.service.js';

@Resolver()
export class PersonalDataResolver {
  constructor(private readonly personalData: PersonalDataService) {}

  @OpenTo('SIGNED_IN')
  @Mutation(() => JsonScalar, {
    description: 'Everything held about a person, as a download. For administrators and oneself. Fails with NOT_FOUND.',
  })
  exportPersonalData(@Arg('userId', () => ID) userId: string, @Ctx() { viewer }: UsersContext): Promise<Record<string, unknown>> {
    return this.personalData.export(viewer, userId);
  }

  @Requires('users:manage')
  @Mutation(() => Boolean, {
    description:
      'For administrators: ends every session, empties the account and keeps the audit trail, which can no longer say who it was. Cannot be undone. Fails with NOT_FOUND, and with CONFLICT for oneself and the last administrator.',
  })
  async erasePersonalData(@Arg('userId', () => ID) userId: string, @Ctx() { viewer }: UsersContext): Promise<boolean> {
    await this.personalData.erase(viewer, userId);
    return true;
  }
}
