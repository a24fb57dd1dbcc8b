import { Kind, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Router } from 'express';
import type { SubscriptionAccess, Viewer } from '@pulsegraph/contracts';
import { errors } from '../errors/index.js';
import type { HealthCheck } from '../http/index.js';

/** What arrives with an operation, over HTTP, graphql-ws or in-process. */
export interface SubgraphRequest {
  /** The signed viewer, from the header `x-pulsegraph-viewer`; absent for strangers. */
  viewerHeader?: string;
  requestId: string;
  /** Only from the gateway: taken over HTTP when the internal token stands beside it. */
  clientAddress?: string;
  userAgent?: string;
}

/** What every resolver context has. */
export interface SubgraphContext {
  viewer: Viewer | null;
  requestId: string;
}

/** A subgraph without a port: served over HTTP by `serveSubgraph`, or mounted in-process by standalone. */
export interface Subgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** A context of its own per operation: loaders must not outlive their viewer. Throws ForgedViewerError. */
  createContext(request: SubgraphRequest): SubgraphContext;
  /** Routes besides GraphQL (`/internal/…`, JWKS), each with its own guard. */
  readonly routes?: Router;
  readonly checks: readonly HealthCheck[];
  /** Puts on record that a subscription which shows patients begins; the gateway's to call. See kit/audit. */
  recordAccess?(access: SubscriptionAccess, request: SubgraphRequest): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A class viewer (role, no subject) serves shared upstream subscriptions and their entity fetches, and nothing else.
 * @throws UNAUTHENTICATED for any other operation.
 */
export function refuseClassViewer(viewer: Viewer | null, operation: OperationDefinitionNode): void {
  if (!viewer || viewer.subject || operation.operation === 'subscription') return;
  const entitiesOnly =
    operation.operation === 'query' &&
    operation.selectionSet.selections.every((selection) => selection.kind === Kind.FIELD && selection.name.value === '_entities');
  if (!entitiesOnly) throw errors.unauthenticated();
}
