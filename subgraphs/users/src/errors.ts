import { DomainError } from '@pulsegraph/kit/errors';

/** Every code this subgraph adds to those of kit. */
export const usersErrors = {
  /** The same for a wrong password, an unknown address and a deactivated account. */
  invalidCredentials: () => new DomainError('INVALID_CREDENTIALS', 'E-mail or password is wrong.'),
  accountLocked: (retryAfterMs: number) =>
    new DomainError('ACCOUNT_LOCKED', `Too many failed sign-ins; try again in ${Math.ceil(retryAfterMs / 1_000)} s.`, { retryAfterMs }),
  mfaRequired: () => new DomainError('MFA_REQUIRED', 'Enter the one-time password of your authenticator app, or a recovery code.'),
  /** An invitation or a reset: unknown, used, replaced or too old, in the same words. */
  linkExpired: () => new DomainError('LINK_EXPIRED', 'This link is no longer good. Ask for a new one.'),
  sessionExpired: () => new DomainError('SESSION_EXPIRED', 'This session has ended. Sign in again.'),
};
