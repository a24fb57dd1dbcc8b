import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';

/** One thing that went wrong, in the platform's terms. `code` is one of contracts' ERROR_CODES, or unknown to this build. */
export interface Fault {
  code: string;
  message: string;
  details?: Readonly<Record<string, unknown>>;
}

/** A request outside GraphQL that the gateway refused. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  constructor(
    readonly faults: readonly Fault[],
    options?: ErrorOptions,
  ) {
    super(faults[0]?.message ?? 'The request failed.', options);
  }
}

interface GraphQLErrorLike {
  message: string;
  extensions?: Readonly<Record<string, unknown>> | undefined;
}

export function faultsOfGraphQL(errors: readonly GraphQLErrorLike[]): Fault[] {
  return errors.map(({ message, extensions }) => ({
    code: typeof extensions?.['code'] === 'string' ? extensions['code'] : 'INTERNAL_SERVER_ERROR',
    message,
    details: extensions ?? {},
  }));
}

/** Whatever was thrown, as faults; anything without an answer from the server counts as SERVICE_UNAVAILABLE. */
export function faultsOf(error: unknown): readonly Fault[] {
  if (error instanceof RequestFailed) return error.faults;
  if (CombinedGraphQLErrors.is(error)) return faultsOfGraphQL(error.errors);
  if (ServerError.is(error)) return serverFaults(error);
  if (error instanceof Error && 'cause' in error && error.cause !== undefined) return faultsOf(error.cause);
  return [{ code: 'SERVICE_UNAVAILABLE', message: error instanceof Error ? error.message : 'No answer.' }];
}

/** Refusals with a status other than 200 still carry GraphQL errors in their body. */
function serverFaults(error: ServerError): Fault[] {
  try {
    const { errors } = JSON.parse(error.bodyText) as { errors?: GraphQLErrorLike[] };
    if (errors?.length) return faultsOfGraphQL(errors);
  } catch {
    // A proxy's page, not ours.
  }
  const code = error.statusCode === 401 ? 'UNAUTHENTICATED' : error.statusCode === 429 ? 'RATE_LIMITED' : 'SERVICE_UNAVAILABLE';
  return [{ code, message: `HTTP ${error.statusCode}` }];
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return faultsOf(error).some(({ code }) => codes.includes(code));
}
