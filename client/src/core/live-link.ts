import { ApolloLink } from '@apollo/client/link';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { print, type DocumentNode, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { Client } from 'graphql-ws';
import { Observable } from 'rxjs';
import { waitForRetry } from './socket';

/** Codes after which the same subscription is worth asking again; every other refusal is final. */
const PASSING: ReadonlySet<unknown> = new Set(['SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'SLOW_CONSUMER', 'RATE_LIMITED']);
const NEEDS_TOKEN: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'SESSION_EXPIRED']);

interface Renewal {
  /** True when a fresh token is at hand. */
  refresh: () => Promise<boolean>;
}

/**
 * Subscriptions that survive whatever the network does. graphql-ws sends a subscription again after a break, but from
 * "now", so what was stored in between would be missing. Each event's cursor is therefore put into the `after` variable of
 * the payload that would be sent again: the server continues exactly behind the last event that arrived here.
 *
 * An operation takes part when it declares `$after` and selects `cursor`. The observable ends only with a refusal that
 * asking again cannot change, for example CURSOR_EXPIRED or FORBIDDEN.
 */
export class LiveLink extends ApolloLink {
  constructor(
    private readonly socket: Pick<Client, 'subscribe' | 'terminate'>,
    private readonly session: Renewal,
    private readonly wait: (retries: number) => Promise<void> = waitForRetry,
  ) {
    super();
  }

  override request({ query, variables, operationName }: ApolloLink.Operation): Observable<ApolloLink.Result> {
    return new Observable((observer) => {
      const payload = { query: print(query), operationName: operationName ?? null, variables: { ...variables } as Record<string, unknown> };
      const resumes = declaresAfter(query);
      let stopped = false;
      let retries = 0;
      let close = (): void => undefined;

      const again = async (renew: boolean): Promise<void> => {
        if (renew) {
          if (!(await this.session.refresh())) return observer.complete();
          // The socket still carries the old token; the other subscriptions come back by their cursors.
          this.socket.terminate();
        }
        await this.wait(retries++);
        if (!stopped) open();
      };
      const open = (): void => {
        close = this.socket.subscribe<Record<string, unknown>>(payload, {
          next: (result) => {
            if (stopped) return;
            retries = 0;
            if (resumes) payload.variables['after'] = cursorOf(result.data) ?? payload.variables['after'];
            observer.next(result as FormattedExecutionResult);
          },
          error: (error) => {
            if (stopped) return;
            const refusals = Array.isArray(error) ? (error as readonly GraphQLFormattedError[]) : null;
            const codes = refusals?.map(({ extensions }) => extensions?.['code']) ?? [];
            if (codes.some((code) => NEEDS_TOKEN.has(code))) void again(true);
            else if (!refusals || codes.every((code) => PASSING.has(code))) void again(isRefusedToken(error));
            else observer.error(new CombinedGraphQLErrors({ errors: refusals }));
          },
          // Streams here have no end of their own: a server that completes one is going away.
          complete: () => {
            if (!stopped) void again(false);
          },
        });
      };
      open();
      return () => {
        stopped = true;
        close();
      };
    });
  }
}

function declaresAfter(query: DocumentNode): boolean {
  return query.definitions.some(
    (definition) =>
      definition.kind === 'OperationDefinition' && definition.variableDefinitions?.some(({ variable }) => variable.name.value === 'after'),
  );
}

/** The cursor beside the one root field's data. */
function cursorOf(data: Record<string, unknown> | null | undefined): string | undefined {
  const [root] = Object.values(data ?? {});
  const cursor = (root as { cursor?: unknown } | null | undefined)?.cursor;
  return typeof cursor === 'string' ? cursor : undefined;
}

function isRefusedToken(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 4401 || code === 4403;
}
