import { ERROR_CODES } from '@pulsegraph/contracts';
import { DomainError, formatError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

export interface ErrorPolicy {
  log: Log;
  /** False for supergraphs of others: their errors pass through as they are. */
  maskUnknown: boolean;
}

const MASKED = 'Something went wrong on our side. If it stays, report the request id.';

/** What executeQueryPlan hands over: errors of subgraphs with the service's name added, and whatever was thrown on the way. */
export function clientErrors(faults: readonly unknown[], requestId: string, policy: ErrorPolicy): GraphQLFormattedError[] {
  return faults.map((fault) => clientError(fault, requestId, policy));
}

function clientError(fault: unknown, requestId: string, { log, maskUnknown }: ErrorPolicy): GraphQLFormattedError {
  if (!(fault instanceof GraphQLError)) return formatError(fault, log, requestId);
  const place = { ...(fault.path && { path: fault.path }) };
  const { serviceName, ...extensions } = fault.extensions as Record<string, unknown>;
  delete extensions.stacktrace;
  const { code } = extensions;
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR' && !code.startsWith('GRAPHQL_') && code in ERROR_CODES) {
    return { message: fault.message, ...place, extensions: { ...extensions, code } };
  }
  if (!maskUnknown) {
    return {
      message: fault.message,
      ...place,
      extensions: {
        ...extensions,
        code: code ?? 'DOWNSTREAM_SERVICE_ERROR',
        ...(typeof serviceName === 'string' && { service: serviceName }),
      },
    };
  }
  // A subgraph has logged its own INTERNAL_SERVER_ERROR; anything else here is news.
  if (code !== 'INTERNAL_SERVER_ERROR')
    log.error({ err: fault, service: serviceName, requestId, path: fault.path }, 'Unexpected error from a subgraph');
  return { message: MASKED, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
}

/** Errors of documents and variables: ours from the start, with the client's own words in them. */
export function requestErrors(faults: readonly GraphQLError[]): GraphQLFormattedError[] {
  return faults.map(({ message, locations, path, extensions }) => ({
    message,
    ...(locations && { locations }),
    ...(path && { path }),
    // graphql-js gives no code to a variable that does not fit.
    extensions: extensions.code === undefined ? { ...extensions, code: 'BAD_USER_INPUT', ...placeOfVariable(message) } : extensions,
  }));
}

/** `Variable "$input" got invalid value "x" at "input.key"; …` → `{ path: 'input.key' }`. */
function placeOfVariable(message: string): { path?: string } {
  const path = / at "([^"]+)"; /.exec(message)?.[1] ?? /^Variable "\$([^"]+)"/.exec(message)?.[1];
  return path === undefined ? {} : { path };
}

/** `extensions.valueCompletion` as the errors they are: a null in place of a promised value, which no subgraph has reported. */
export function completionErrors(faults: readonly unknown[], requestId: string, log: Log): GraphQLFormattedError[] {
  return faults.map((fault) => {
    const { message, path } = fault as GraphQLFormattedError;
    log.warn({ message, path, requestId }, 'A subgraph broke the promise of its schema');
    return { message, ...(path && { path }), extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } };
  });
}

/** One refusal as a GraphQL response's errors. */
export function asErrors(error: DomainError): GraphQLFormattedError[] {
  return [{ message: error.message, extensions: { code: error.code, ...error.details } }];
}
