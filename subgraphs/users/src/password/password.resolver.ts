import { OpenTo } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { PasswordService } from './password.service.js';

@Resolver()
export class PasswordResolver {
  constructor(private readonly passwords: PasswordService) {}

  @OpenTo('SIGNED_IN')
  @Mutation(() => Boolean, {
    description:
      'Ends every other session. Fails with INVALID_CREDENTIALS or ACCOUNT_LOCKED for `current`, and with BAD_USER_INPUT for a `next` that is too short or too easy to guess (`reason`).',
  })
  async changePassword(@Arg('current') current: string, @Arg('next') next: string, @Ctx() { viewer }: UsersContext): Promise<boolean> {
    await this.passwords.change(viewer, current, next);
    return true;
  }
}
