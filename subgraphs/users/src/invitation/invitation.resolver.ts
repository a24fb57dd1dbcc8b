import { OpenTo, Requires } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { SessionPresenter } from '../session/session-presenter.js';
import { Session } from '../session/session.type.js';
import { Invitation, InviteUserInput } from './invitation.entity.js';
import { InvitationService } from './invitation.service.js';

@Resolver(() => Invitation)
export class InvitationResolver {
  constructor(
    private readonly invitations: InvitationService,
    private readonly presenter: SessionPresenter,
  ) {}

  @Requires('users:manage')
  @Mutation(() => Invitation, {
    description:
      'Sends a link that is good for seven days and replaces an earlier one. For administrators. Fails with CONFLICT when the person is here already, and with SERVICE_UNAVAILABLE when mail cannot be sent.',
  })
  inviteUser(@Arg('input') input: InviteUserInput, @Ctx() { viewer }: UsersContext): Promise<Invitation> {
    return this.invitations.invite(viewer, input);
  }

  @OpenTo('ANYONE')
  @Mutation(() => Session, {
    description: 'Makes the account and signs in. Fails with LINK_EXPIRED; BAD_USER_INPUT for a weak password (`reason`).',
  })
  async acceptInvitation(
    @Arg('token') token: string,
    @Arg('displayName') displayName: string,
    @Arg('password') password: string,
    @Ctx() context: UsersContext,
  ): Promise<Session> {
    return this.presenter.present(await this.invitations.accept({ token, displayName, password }, context.client), context);
  }
}
