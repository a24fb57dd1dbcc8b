import { OpenTo } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { noteAccount } from '../audit/note-account.js';
import type { UsersContext } from '../context.js';
import { PasswordResetService } from './password-reset.service.js';

@Resolver()
export class PasswordResetResolver {
  constructor(private readonly resets: PasswordResetService) {}

  @OpenTo('ANYONE')
  @Mutation(() => Boolean, {
    description: 'Always true: whether the address has an account shows in its mailbox alone. The link is good for an hour.',
  })
  requestPasswordReset(@Arg('email') email: string): boolean {
    this.resets.request(email);
    return true;
  }

  @OpenTo('ANYONE')
  @Mutation(() => Boolean, {
    description:
      'Ends every session of the person; a second factor stays. Fails with LINK_EXPIRED; BAD_USER_INPUT for a weak password (`reason`).',
  })
  async resetPassword(@Arg('token') token: string, @Arg('password') password: string, @Ctx() context: UsersContext): Promise<boolean> {
    noteAccount(context, await this.resets.reset(token, password));
    return true;
  }
}
