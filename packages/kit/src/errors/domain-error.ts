import type { ErrorCode } from '@pulsegraph/contracts';

/** A failure the caller can act on. `code` is public API: listed in docs/reference/errors.md, never reused. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Failures that mean the same everywhere, in the same words: a stranger's id and a free one must not differ. */
export const errors = {
  unauthenticated: () => new DomainError('UNAUTHENTICATED', 'Sign in to do this.'),
  forbidden: () => new DomainError('FORBIDDEN', 'Your role does not permit this.'),
  notFound: (what: string) => new DomainError('NOT_FOUND', `No such ${what}.`),
  /** @param path Where in the arguments, for example `input.metrics[0].unit`. */
  badUserInput: (path: string, message: string) => new DomainError('BAD_USER_INPUT', `${path}: ${message}`, { path }),
  conflict: (message: string, details: Record<string, unknown> = {}) => new DomainError('CONFLICT', message, details),
  cursorExpired: () => new DomainError('CURSOR_EXPIRED', 'This cursor is older than the replay window, or is not yours. Start without it.'),
};
