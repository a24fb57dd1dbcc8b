import { randomUUID } from 'node:crypto';
import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import type { DataSource, EntityManager } from 'typeorm';
import type { ClientTrace } from '../client-trace.js';
import { usersErrors } from '../errors.js';
import type { RevocationFeed } from '../revocation/revocation-feed.js';
import { signAccessToken } from '../token/access-token.js';
import type { SigningKeys } from '../token/signing-keys.js';
import { AccountRepository, type Account } from '../user/account.repository.js';
import { hashOf, newRefreshToken, newRotationSecret, successorOf } from './refresh-token.js';
import type { EndReason, RefreshTokenRow, SessionRow } from './session.entity.js';
import { SessionRepository, type SessionsOf } from './session.repository.js';

/** Slides: each renewal gives the session this long again. */
export const SESSION_LIFETIME_MS = 30 * 24 * 3_600_000;
/** A token that was just used gets the same successor again: two tabs, or a lost answer (ADR 0005). */
export const REUSE_GRACE_MS = 10_000;
const MAX_TRACE_CHARACTERS = 400;

/** What a person holds after signing in. */
export interface IssuedSession {
  accessToken: string;
  accessTokenExpiresAt: Date;
  refreshToken: string;
  /** Whom the access token names. */
  viewer: Viewer;
}

type Renewal = { outcome: 'renewed'; account: Account; sessionId: string; refreshToken: string } | { outcome: 'refused' | 'reused' };

/** Refresh-token families: begun by a sign-in, renewed by rotation, ended by signing out or by a token used twice. */
export class SessionService {
  constructor(
    private readonly service: DataSource,
    private readonly feed: RevocationFeed,
    private readonly keys: SigningKeys,
    private readonly log: Log,
    private readonly now: () => Date,
  ) {}

  /** For whoever has just proven to be this person. */
  async begin(account: Account, client: ClientTrace): Promise<IssuedSession> {
    const now = this.now();
    const sessionId = randomUUID();
    const refreshToken = newRefreshToken();
    await this.feed.revoking(async (manager) => {
      const sessions = new SessionRepository(manager);
      await sessions.insert({
        id: sessionId,
        organizationId: account.organization.id,
        userId: account.user.id,
        rotationSecret: newRotationSecret(),
        createdAt: now,
        lastUsedAt: now,
        expiresAt: expiryFrom(now),
        endedAt: null,
        endReason: null,
        ...storable(client),
      });
      await sessions.insertToken(tokenRow(refreshToken, sessionId, account.organization.id, now));
      await new AccountRepository(manager).seen(account.user.id, now);
    });
    return this.issue(account, sessionId, refreshToken);
  }

  /** @throws SESSION_EXPIRED for anything but the family's newest token; one used before ends the family. */
  async renew(refreshToken: string, client: ClientTrace): Promise<IssuedSession> {
    const renewal = await this.feed.revoking<Renewal>(async (manager, revoke) => {
      const sessions = new SessionRepository(manager);
      const found = await sessions.lockByToken(hashOf(refreshToken));
      if (!found) return { outcome: 'refused' };
      const { token, session } = found;
      const account = await this.accountOf(manager, token, session);
      if (!account) return { outcome: 'refused' };

      const successor = successorOf(refreshToken, session.rotationSecret);
      const renewed: Renewal = { outcome: 'renewed', account, sessionId: session.id, refreshToken: successor };
      if (token.usedAt === null) {
        await this.rotate(manager, refreshToken, successor, session, client);
        return renewed;
      }
      const withinGrace = this.now().getTime() - token.usedAt.getTime() <= REUSE_GRACE_MS;
      if (withinGrace && (await sessions.token(hashOf(successor)))?.usedAt === null) return renewed;

      await sessions.end({ userId: session.userId, only: session.id }, 'TOKEN_REUSED', this.now());
      revoke({ organizationId: session.organizationId, kind: 'session', subjectId: session.id });
      this.log.warn({ sessionId: session.id, userId: session.userId }, 'A refresh token was used twice; its session was ended');
      return { outcome: 'reused' };
    });
    if (renewal.outcome !== 'renewed') throw usersErrors.sessionExpired();
    return this.issue(renewal.account, renewal.sessionId, renewal.refreshToken);
  }

  /** Ends one session of the person. @returns False when it had ended before. */
  async end(userId: string, sessionId: string, reason: EndReason = 'SIGNED_OUT'): Promise<boolean> {
    return (await this.endSessions({ userId, only: sessionId }, reason)) > 0;
  }

  /** @returns How many sessions were open. */
  endAll(userId: string, reason: EndReason = 'SIGNED_OUT_EVERYWHERE', except?: string): Promise<number> {
    return this.endSessions({ userId, except }, reason);
  }

  /** @throws NOT_FOUND for a session that is not the person's, or not open. */
  async endOwn(userId: string, sessionId: string): Promise<void> {
    if (!isUuid(sessionId) || !(await this.end(userId, sessionId))) throw errors.notFound('session');
  }

  /** By their last use, newest first. */
  listOpen(userId: string): Promise<SessionRow[]> {
    return new SessionRepository(this.service.manager).open(userId, this.now());
  }

  /** The session a refresh token belongs to, if it is the newest of one that is open. */
  async identify(refreshToken: string): Promise<{ userId: string; sessionId: string } | null> {
    return this.feed.revoking(async (manager) => {
      const found = await new SessionRepository(manager).lockByToken(hashOf(refreshToken));
      if (!found || found.token.usedAt || !(await this.accountOf(manager, found.token, found.session))) return null;
      return { userId: found.session.userId, sessionId: found.session.id };
    });
  }

  private endSessions(which: SessionsOf, reason: EndReason): Promise<number> {
    return this.feed.revoking(async (manager, revoke) => {
      const account = await new AccountRepository(manager).findById(which.userId);
      if (!account) return 0;
      const ended = await new SessionRepository(manager).end(which, reason, this.now());
      for (const id of ended) revoke({ organizationId: account.organization.id, kind: 'session', subjectId: id });
      return ended.length;
    });
  }

  /** Null when the session can no longer be renewed, whatever the token. */
  private async accountOf(manager: EntityManager, token: RefreshTokenRow, session: SessionRow): Promise<Account | null> {
    const now = this.now();
    if (session.endedAt || session.expiresAt <= now || token.expiresAt <= now) return null;
    const account = await new AccountRepository(manager).findById(session.userId);
    return account?.user.active ? account : null;
  }

  private async rotate(manager: EntityManager, token: string, successor: string, session: SessionRow, client: ClientTrace): Promise<void> {
    const now = this.now();
    const sessions = new SessionRepository(manager);
    await sessions.markUsed(hashOf(token), now);
    await sessions.insertToken(tokenRow(successor, session.id, session.organizationId, now));
    await sessions.touch(session.id, { lastUsedAt: now, expiresAt: expiryFrom(now), ...storable(client) });
    await new AccountRepository(manager).seen(session.userId, now);
  }

  private async issue({ user, organization }: Account, sessionId: string, refreshToken: string): Promise<IssuedSession> {
    const claims = {
      userId: user.id,
      name: user.displayName,
      organizationId: organization.id,
      organizationKey: organization.key,
      role: user.role,
      sessionId,
    };
    const { token, expiresAt } = await signAccessToken(claims, await this.keys.current(), this.now());
    return {
      accessToken: token,
      accessTokenExpiresAt: expiresAt,
      refreshToken,
      viewer: {
        organizationId: organization.id,
        organizationKey: organization.key,
        role: user.role,
        subject: { kind: 'USER', id: user.id, name: user.displayName, sessionId },
      },
    };
  }
}

function expiryFrom(now: Date): Date {
  return new Date(now.getTime() + SESSION_LIFETIME_MS);
}

function tokenRow(token: string, sessionId: string, organizationId: string, now: Date): RefreshTokenRow {
  return { hash: hashOf(token), sessionId, organizationId, issuedAt: now, expiresAt: expiryFrom(now), usedAt: null };
}

/** Headers come from anybody: shown to the person later, so kept short. */
function storable({ address, userAgent }: ClientTrace): ClientTrace {
  return { address: address?.slice(0, MAX_TRACE_CHARACTERS) ?? null, userAgent: userAgent?.slice(0, MAX_TRACE_CHARACTERS) ?? null };
}
