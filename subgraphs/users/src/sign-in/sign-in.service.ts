import type { DataSource } from 'typeorm';
import type { ClientTrace } from '../client-trace.js';
import { usersErrors } from '../errors.js';
import type { PasswordHasher } from '../password/password-hasher.js';
import type { IssuedSession, SessionService } from '../session/session.service.js';
import { AccountRepository, type Account } from '../user/account.repository.js';
import { identityOf, type Lockout } from './lockout.js';
import { Turns } from './turns.js';

/** Nobody's password; hashing more would be work done for an attacker. */
const MAX_PASSWORD_CHARACTERS = 1_024;

export interface Credentials {
  email: string;
  password: string;
}

/** From an address and a password to a session. */
export class SignInService {
  private readonly turns = new Turns();

  constructor(
    private readonly service: DataSource,
    private readonly passwords: PasswordHasher,
    private readonly lockout: Lockout,
    private readonly sessions: SessionService,
    private readonly now: () => Date,
  ) {}

  /** @throws INVALID_CREDENTIALS, in the same time and words whether the account exists or not; ACCOUNT_LOCKED. */
  signIn(credentials: Credentials, client: ClientTrace): Promise<IssuedSession> {
    // An attempt counts as failed until it succeeds: five right ones at the same moment must not lock the account.
    return this.turns.take(identityOf(credentials.email), () => this.attempt(credentials, client));
  }

  private async attempt({ email, password }: Credentials, client: ClientTrace): Promise<IssuedSession> {
    const admission = await this.lockout.book(email);
    if (!admission.admitted) throw usersErrors.accountLocked(admission.retryAfterMs);
    const account = await this.authenticate(email, password);
    if (!account) throw usersErrors.invalidCredentials();
    await this.lockout.clear(email);
    return this.sessions.begin(account, client);
  }

  private async authenticate(email: string, password: string): Promise<Account | null> {
    const accounts = new AccountRepository(this.service.manager);
    const account = await accounts.findByEmail(email);
    const stored = account ? await accounts.passwordHash(account.user.id) : null;
    const matches = await this.passwords.verify(stored, password.slice(0, MAX_PASSWORD_CHARACTERS + 1));
    if (!account || stored === null || !matches || !account.user.active) return null;
    if (this.passwords.isOutdated(stored)) await accounts.setPassword(account.user, await this.passwords.hash(password), this.now());
    return account;
  }
}
