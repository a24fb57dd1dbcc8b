import type { SubscriptionAccess } from '@pulsegraph/contracts';
import type { GraphQLFormattedError } from 'graphql';

/** What travels with every fetch to a subgraph. */
export interface FetchContext {
  /** The signed viewer; absent for strangers. */
  readonly viewerHeader?: string;
  readonly requestId: string;
  readonly clientAddress?: string;
  readonly userAgent?: string;
}

export interface SubgraphOperation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

export interface SubgraphResponse {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** One subgraph, in-process or remote. Shared by all generations of the supergraph that point at the same place. */
export interface SubgraphClient {
  readonly name: string;
  /** Never rejects: a subgraph that is away answers with a SERVICE_UNAVAILABLE error. */
  fetch(operation: SubgraphOperation, context: FetchContext): Promise<SubgraphResponse>;
  /** Ends by `return()`. Rejects with SubscriptionRefused or SubgraphLost. */
  subscribe(operation: SubgraphOperation, context: FetchContext): AsyncIterableIterator<SubgraphResponse>;
  /** Puts on record that a subscription which shows patients begins; a foreign subgraph keeps no record. Rejects when it cannot. */
  recordAccess(access: SubscriptionAccess, context: FetchContext): Promise<void>;
  /** Rejects when the subgraph does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The subgraph heard the subscription and said no; asking again would not help. */
export class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused';
  constructor(readonly errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message ?? 'The subscription was refused.');
  }
}

/** The connection broke or could not be made; asking again may help. */
export class SubgraphLost extends Error {
  override readonly name = 'SubgraphLost';
}

export type UnavailableReason = 'unreachable' | 'timeout' | 'circuit-open' | 'bad-answer';

/** @param service The subgraph's name in the supergraph: what is missing from a partial answer. */
export function unavailable(service: string, reason: UnavailableReason): SubgraphResponse {
  const said = {
    unreachable: 'cannot be reached',
    timeout: 'did not answer in time',
    'circuit-open': 'is away',
    'bad-answer': 'gave no valid answer',
  };
  return {
    errors: [{ message: `The ${service} service ${said[reason]}.`, extensions: { code: 'SERVICE_UNAVAILABLE', service, reason } }],
  };
}
