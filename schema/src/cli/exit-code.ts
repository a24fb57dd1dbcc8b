/** What `npm run schema` ends with: docs/reference/schema-registry.md lists the same. */
export const EXIT = {
  done: 0,
  /** A check failed, or a publish was refused, because somebody would break or a budget is exceeded. */
  breaks: 1,
  /** The command line, or what was sent, is not right. */
  usage: 2,
  /** The schema cannot be read, or does not compose. */
  composition: 3,
  /** Somebody published meanwhile. */
  stale: 4,
  /** No key, a wrong one, or one without the right. */
  denied: 5,
  /** The registry does not answer. */
  unreachable: 6,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_REFUSAL: Record<string, ExitCode> = {
  BREAKING_CHANGE: EXIT.breaks,
  COMPOSITION_FAILED: EXIT.composition,
  STALE_BASE: EXIT.stale,
  UNAUTHENTICATED: EXIT.denied,
  FORBIDDEN: EXIT.denied,
};

export const exitOfRefusal = (code: string): ExitCode => BY_REFUSAL[code] ?? EXIT.usage;
