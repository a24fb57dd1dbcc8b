/** How a subscription ended against the client's will, and what can be done about it. */
export type Fault =
  | { kind: 'token'; cause: unknown }
  | { kind: 'passing'; cause: unknown; retryAfterMs: number | null }
  | { kind: 'expired' | 'final'; cause: unknown };

/** Codes after which the same subscription is worth asking again. The last two are what other gateways say when they reload. */
const PASSING: ReadonlySet<unknown> = new Set([
  'SERVICE_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
  'SLOW_CONSUMER',
  'RATE_LIMITED',
  'SUBSCRIPTION_SCHEMA_RELOAD',
  'SCHEMA_RELOAD',
]);
const NEEDS_TOKEN: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'SESSION_EXPIRED', 'SUBSCRIPTION_JWT_EXPIRED']);
/** Close codes after which the same connection would end in the same way. */
const FINAL_CLOSE: ReadonlySet<unknown> = new Set([1002, 1003, 1007, 1008, 1009, 1010, 4004, 4005, 4400, 4406, 4409, 4429]);
const TOKEN_CLOSE: ReadonlySet<unknown> = new Set([4401, 4403]);

interface GraphQLErrorLike {
  message: string;
  extensions?: Record<string, unknown>;
}

/** @param cause What a graphql-ws sink got as its error: GraphQL errors, a close event, or an Error. */
export function faultOf(cause: unknown, hintOf: (closeEvent: unknown) => number | null): Fault {
  if (Array.isArray(cause)) {
    const errors = cause as readonly GraphQLErrorLike[];
    const codes = errors.map(({ extensions }) => extensions?.['code']);
    if (codes.includes('CURSOR_EXPIRED')) return { kind: 'expired', cause };
    if (codes.some((code) => NEEDS_TOKEN.has(code))) return { kind: 'token', cause };
    if (codes.length === 0 || !codes.every((code) => PASSING.has(code))) return { kind: 'final', cause };
    const after = errors.map(({ extensions }) => extensions?.['retryAfterMs']).find((value) => typeof value === 'number');
    return { kind: 'passing', cause, retryAfterMs: after ?? null };
  }
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  if (typeof code !== 'number') return { kind: 'passing', cause, retryAfterMs: null };
  if (TOKEN_CLOSE.has(code)) return { kind: 'token', cause };
  return FINAL_CLOSE.has(code) ? { kind: 'final', cause } : { kind: 'passing', cause, retryAfterMs: hintOf(cause) };
}

export function isTokenClose(event: unknown): boolean {
  return TOKEN_CLOSE.has((event as { code?: unknown } | null | undefined)?.code);
}
