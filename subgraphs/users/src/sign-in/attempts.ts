import { usersErrors } from '../errors.js';
import { identityOf, type Lockout } from './lockout.js';
import { Turns } from './turns.js';

/** Whatever asks for a password or one-time password goes through here, so that every guess counts, wherever it is made. */
export class Attempts {
  private readonly turns = new Turns();

  constructor(private readonly lockout: Lockout) {}

  /**
   * @param prove Null when the proof was wrong. What it throws is nobody's failed guess.
   * @throws INVALID_CREDENTIALS for null; ACCOUNT_LOCKED without asking.
   */
  run<T>(email: string, prove: () => Promise<T | null>): Promise<T> {
    // An attempt counts as failed until it succeeds: five right ones at the same moment must not lock the account.
    return this.turns.take(identityOf(email), async () => {
      const admission = await this.lockout.book(email);
      if (!admission.admitted) throw usersErrors.accountLocked(admission.retryAfterMs);
      let proven: T | null;
      try {
        proven = await prove();
      } catch (error) {
        await this.lockout.release(email);
        throw error;
      }
      if (proven === null) throw usersErrors.invalidCredentials();
      await this.lockout.clear(email);
      return proven;
    });
  }
}
