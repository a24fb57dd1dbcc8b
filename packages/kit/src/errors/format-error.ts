import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { DomainError } from './domain-error.js';

export interface FaultLog {
  error(fields: Record<string, unknown>, message: string): void;
}

/** Codes Apollo Server and graphql-js give to documents that never reached a resolver; their words are safe to show. */
const SAFE_CODES = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'PERSISTED_QUERY_NOT_FOUND']);

function causeOf(error: unknown): unknown {
  let cause = error;
  // A scalar's own complaint lies within graphql-js's, which alone says where in the input it is.
  while (cause instanceof GraphQLError && cause.originalError && !isInputError(cause)) cause = cause.originalError;
  return cause;
}

/**
 * What a client may see of an error. A DomainError keeps its code and details; a fault of ours is logged once with the
 * request id and shown as INTERNAL_SERVER_ERROR.
 */
export function formatError(error: unknown, log: FaultLog, requestId?: string): GraphQLFormattedError {
  const wrapped = error instanceof GraphQLError ? error : new GraphQLError(error instanceof Error ? error.message : String(error));
  const place = { ...(wrapped.locations && { locations: wrapped.locations }), ...(wrapped.path && { path: wrapped.path }) };
  const cause = causeOf(error);
  if (cause instanceof DomainError) {
    return { message: cause.message, ...place, extensions: { code: cause.code, ...cause.details } };
  }
  if (cause instanceof GraphQLError) {
    const code = cause.extensions.code ?? (isInputError(cause) ? 'BAD_USER_INPUT' : undefined);
    if (typeof code === 'string' && SAFE_CODES.has(code)) {
      return { message: cause.message, ...place, extensions: { code, ...pathOfVariable(cause.message) } };
    }
  }
  log.error({ err: cause, requestId, path: wrapped.path }, 'Unexpected fault while executing GraphQL');
  return {
    message: 'Something went wrong on our side. If it stays, report the request id.',
    ...place,
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...(requestId && { requestId }) },
  };
}

/** graphql-js gives errors of literals and variables no code of their own. */
function isInputError(error: GraphQLError): boolean {
  const { originalError } = error;
  return (
    (originalError === undefined || originalError instanceof GraphQLError) &&
    /^(Variable "\$|Argument "|Expected value of type|Invalid value)/.test(error.message)
  );
}

/** `… invalid value "x" at "input.key"; …` → `{ path: 'input.key' }`. */
function pathOfVariable(message: string): { path?: string } {
  const at = / at "([^"]+)"/.exec(message)?.[1] ?? /^(?:Variable "\$|Argument ")([^"]+)"/.exec(message)?.[1];
  return at ? { path: at } : {};
}
