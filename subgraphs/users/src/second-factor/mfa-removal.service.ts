import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { DataSource } from 'typeorm';
import type { PasswordService } from '../password/password.service.js';
import type { Attempts } from '../sign-in/attempts.js';
import { AccountRepository } from '../user/account.repository.js';
import { requirePerson } from '../viewer/require-person.js';
import type { SecondFactorService } from './second-factor.service.js';

/** Giving up the second factor asks for both: who found an open browser must not get far. */
export class MfaRemovalService {
  constructor(
    private readonly service: DataSource,
    private readonly attempts: Attempts,
    private readonly passwords: PasswordService,
    private readonly secondFactor: SecondFactorService,
  ) {}

  /** @throws INVALID_CREDENTIALS and ACCOUNT_LOCKED as signing in does; CONFLICT when there is no second factor. */
  async remove(viewer: Viewer | null, password: string, otp: string): Promise<void> {
    const { id } = requirePerson(viewer);
    const account = await new AccountRepository(this.service.manager).findById(id);
    if (!account) throw errors.unauthenticated();
    if (!(await this.secondFactor.isRequired(id))) throw errors.conflict('There is no second factor.');
    await this.attempts.run(account.user.email, async () => {
      const proven = (await this.passwords.matches(account, password)) && (await this.secondFactor.use(id, otp));
      return proven ? true : null;
    });
    await this.secondFactor.remove(id);
  }
}
