import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { DataSource, EntityManager } from 'typeorm';
import type { SessionService } from '../session/session.service.js';
import type { Attempts } from '../sign-in/attempts.js';
import { AccountRepository, type Account } from '../user/account.repository.js';
import { requirePerson } from '../viewer/require-person.js';
import type { PasswordHasher } from './password-hasher.js';
import { MAX_PASSWORD_CHARACTERS, requireGoodPassword } from './password-policy.js';

export class PasswordService {
  constructor(
    private readonly service: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly attempts: Attempts,
    private readonly sessions: SessionService,
    private readonly now: () => Date,
  ) {}

  /** Takes as long for nobody's account (null) as for somebody's. Makes the hash anew when its cost is of yesterday. */
  async matches(account: Account | null, password: string): Promise<boolean> {
    const accounts = new AccountRepository(this.service.manager);
    const stored = account ? await accounts.passwordHash(account.user.id) : null;
    // Nobody's password is longer; hashing more would be work done for an attacker.
    const matches = await this.hasher.verify(stored, password.slice(0, 4 * MAX_PASSWORD_CHARACTERS));
    if (!account || stored === null || !matches) return false;
    if (this.hasher.isOutdated(stored)) await accounts.setPassword(account.user, await this.hasher.hash(password), this.now());
    return true;
  }

  /**
   * Ends every other session of the person.
   * @throws INVALID_CREDENTIALS and ACCOUNT_LOCKED for `current`, as signing in does; BAD_USER_INPUT at `next`.
   */
  async change(viewer: Viewer | null, current: string, next: string): Promise<void> {
    const person = requirePerson(viewer);
    const account = await new AccountRepository(this.service.manager).findById(person.id);
    if (!account) throw errors.unauthenticated();
    requireGoodPassword('next', next, wordsOf(account));
    await this.attempts.run(account.user.email, async () => ((await this.matches(account, current)) ? true : null));
    await this.store(this.service.manager, account, next);
    await this.sessions.endAll(person.id, 'PASSWORD_CHANGED', person.sessionId ?? undefined);
  }

  /** The caller has judged the password. */
  async store(manager: EntityManager, account: Account, password: string): Promise<void> {
    await new AccountRepository(manager).setPassword(account.user, await this.hasher.hash(password), this.now());
  }
}

/** What an attacker who knows the person would try first. */
export function wordsOf({ user, organization }: Account): string[] {
  return [user.email, user.displayName, organization.name, organization.key];
}
