import type { DataSource } from 'typeorm';
import type { ClientTrace } from '../client-trace.js';
import { usersErrors } from '../errors.js';
import type { PasswordService } from '../password/password.service.js';
import type { SecondFactorService } from '../second-factor/second-factor.service.js';
import type { IssuedSession, SessionService } from '../session/session.service.js';
import { AccountRepository, type Account } from '../user/account.repository.js';
import type { Attempts } from './attempts.js';

export interface Credentials {
  email: string;
  password: string;
  /** One-time password or recovery code. */
  otp?: string | null;
}

/** From an address and a password to a session. */
export class SignInService {
  constructor(
    private readonly service: DataSource,
    private readonly attempts: Attempts,
    private readonly passwords: PasswordService,
    private readonly secondFactor: SecondFactorService,
    private readonly sessions: SessionService,
  ) {}

  /**
   * @throws INVALID_CREDENTIALS, in the same time and words whether the account exists or not; ACCOUNT_LOCKED;
   * MFA_REQUIRED when the password was right and `otp` is missing.
   */
  async signIn(credentials: Credentials, client: ClientTrace): Promise<IssuedSession> {
    const account = await this.attempts.run(credentials.email, () => this.authenticate(credentials));
    return this.sessions.begin(account, client);
  }

  /** For the trail: whose account a sign-in that failed was about. */
  accountOf(email: string): Promise<Account | null> {
    return new AccountRepository(this.service.manager).findByEmail(email);
  }

  private async authenticate({ email, password, otp }: Credentials): Promise<Account | null> {
    const account = await new AccountRepository(this.service.manager).findByEmail(email);
    const matches = await this.passwords.matches(account, password);
    if (!account || !matches || !account.user.active) return null;
    if (!(await this.secondFactor.isRequired(account.user.id))) return account;
    if (!otp) throw usersErrors.mfaRequired();
    return (await this.secondFactor.use(account.user.id, otp)) ? account : null;
  }
}
