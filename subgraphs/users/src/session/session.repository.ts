import { IsNull, LessThan, MoreThan, Not, type EntityManager } from 'typeorm';
import { RefreshTokenRow, SessionRow, type EndReason } from './session.entity.js';

/** All sessions of a person, one, or all but one. */
export interface SessionsOf {
  userId: string;
  only?: string;
  except?: string;
}

/** For the service role: a session is found by its token, before anybody knows the organization. */
export class SessionRepository {
  constructor(private readonly manager: EntityManager) {}

  async insert(session: SessionRow): Promise<void> {
    await this.manager.insert(SessionRow, session);
  }

  async insertToken(token: RefreshTokenRow): Promise<void> {
    await this.manager.insert(RefreshTokenRow, token);
  }

  /** Both rows are locked: of two renewals with one token the second waits, and sees what the first did. */
  async lockByToken(hash: string): Promise<{ token: RefreshTokenRow; session: SessionRow } | null> {
    const found = await this.manager.findOneBy(RefreshTokenRow, { hash });
    if (!found) return null;
    const session = await this.manager.findOne(SessionRow, { where: { id: found.sessionId }, lock: { mode: 'pessimistic_write' } });
    // Read again: another renewal may have used it while we waited for the session.
    const token = await this.manager.findOneBy(RefreshTokenRow, { hash });
    return session && token ? { token, session } : null;
  }

  async token(hash: string): Promise<RefreshTokenRow | null> {
    return this.manager.findOneBy(RefreshTokenRow, { hash });
  }

  async markUsed(hash: string, at: Date): Promise<void> {
    await this.manager.update(RefreshTokenRow, { hash }, { usedAt: at });
  }

  async touch(id: string, changes: Pick<SessionRow, 'lastUsedAt' | 'expiresAt' | 'userAgent' | 'address'>): Promise<void> {
    await this.manager.update(SessionRow, { id }, changes);
  }

  /** @returns Ids of the sessions that this call ended. */
  async end({ userId, only, except }: SessionsOf, reason: EndReason, at: Date): Promise<string[]> {
    const id = only ?? (except ? Not(except) : undefined);
    const { raw } = await this.manager
      .createQueryBuilder()
      .update(SessionRow)
      .set({ endedAt: at, endReason: reason })
      .where({ userId, ...(id !== undefined && { id }), endedAt: IsNull() })
      .returning('id')
      .execute();
    return (raw as { id: string }[]).map(({ id }) => id);
  }

  open(userId: string, now: Date): Promise<SessionRow[]> {
    return this.manager.find(SessionRow, {
      where: { userId, endedAt: IsNull(), expiresAt: MoreThan(now) },
      order: { lastUsedAt: 'DESC', id: 'ASC' },
    });
  }

  /** Forgets what can no longer be renewed, and reused tokens that would be refused by their age alone. */
  async prune(before: Date): Promise<void> {
    await this.manager.delete(RefreshTokenRow, { expiresAt: LessThan(before) });
    await this.manager.delete(SessionRow, { expiresAt: LessThan(before) });
  }
}
