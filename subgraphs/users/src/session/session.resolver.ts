import { OpenTo } from '@pulsegraph/kit/subgraph';
import { errors } from '@pulsegraph/kit/errors';
import { requireSubject } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { noteAccount } from '../audit/note-account.js';
import type { UsersContext } from '../context.js';
import { SignInService } from '../sign-in/sign-in.service.js';
import { SessionPresenter } from './session-presenter.js';
import { SessionService } from './session.service.js';
import { Session } from './session.type.js';

@Resolver(() => Session)
export class SessionResolver {
  constructor(
    private readonly signIns: SignInService,
    private readonly sessions: SessionService,
    private readonly presenter: SessionPresenter,
  ) {}

  @OpenTo('ANYONE')
  @Mutation(() => Session, {
    description: 'Fails with INVALID_CREDENTIALS, ACCOUNT_LOCKED or MFA_REQUIRED. `otp` is a one-time password or a recovery code.',
  })
  async signIn(
    @Arg('email') email: string,
    @Arg('password') password: string,
    @Arg('otp', () => String, { nullable: true }) otp: string | null,
    @Ctx() context: UsersContext,
  ): Promise<Session> {
    try {
      return await this.presenter.present(await this.signIns.signIn({ email, password, otp }, context.client), context);
    } catch (error) {
      noteAccount(context, await this.signIns.accountOf(email));
      throw error;
    }
  }

  @OpenTo('ANYONE')
  @Mutation(() => Session, {
    description: 'Rotates: a refresh token works once, and its reuse ends the whole session family. Fails with SESSION_EXPIRED.',
  })
  async refreshSession(@Arg('refreshToken') refreshToken: string, @Ctx() context: UsersContext): Promise<Session> {
    return this.presenter.present(await this.sessions.renew(refreshToken, context.client), context);
  }

  @OpenTo('ANYONE')
  @Mutation(() => Boolean, {
    description:
      'Ends this session, or every session of the person. With a refresh token it needs no access token, which may have ended. False when it had ended already.',
  })
  async signOut(
    @Arg('everywhere', () => Boolean, { defaultValue: false, nullable: true }) everywhere: boolean | null,
    @Arg('refreshToken', () => String, { nullable: true }) refreshToken: string | null,
    @Ctx() context: UsersContext,
  ): Promise<boolean> {
    const session = refreshToken ? await this.sessions.identify(refreshToken) : sessionOf(context);
    if (!session) return false;
    if (everywhere) return (await this.sessions.endAll(session.userId)) > 0;
    return this.sessions.end(session.userId, session.sessionId);
  }
}

function sessionOf({ viewer }: UsersContext): { userId: string; sessionId: string } {
  if (!viewer) throw errors.unauthenticated();
  const { kind, id, sessionId } = requireSubject(viewer);
  // An API key has no session to end; it is revoked.
  if (kind !== 'USER' || !sessionId) throw errors.forbidden();
  return { userId: id, sessionId };
}
