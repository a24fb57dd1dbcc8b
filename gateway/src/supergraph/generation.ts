import { createHash } from 'node:crypto';
import { Supergraph, type Schema } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { parse, type GraphQLSchema } from 'graphql';
import { readFieldSets, withoutIdleKeys, type FieldSets } from './field-sets.js';
import { readDeclared, type DeclaredDirectives } from './declared.js';

/**
 * One supergraph and everything derived from it. Never changed after it is built: a new supergraph makes a new
 * generation, running operations finish on theirs, and the old one is freed when the last of them lets go. That is also
 * why there is no ApolloGateway object, which changes in place (and reports usage to its maker): its planner and its
 * executor are used directly.
 */
export interface Generation {
  /** The first 12 hex digits of the SDL's SHA-256. */
  readonly id: string;
  readonly supergraphSdl: string;
  /** What clients see, as Apollo's planner knows it. */
  readonly apiSchema: Schema;
  /** The same for graphql-js: validation, coercion, introspection. */
  readonly schema: GraphQLSchema;
  readonly supergraphSchema: GraphQLSchema;
  readonly planner: QueryPlanner;
  readonly services: readonly { name: string; url: string }[];
  readonly declared: DeclaredDirectives;
  readonly fieldSets: FieldSets;
}

/** @throws when the text is no valid supergraph. */
export function buildGeneration(supergraphSdl: string): Generation {
  const document = parse(supergraphSdl, { noLocation: true });
  const supergraph = Supergraph.build(withoutIdleKeys(document), { validateSupergraph: true });
  const apiSchema = supergraph.apiSchema();
  return {
    id: createHash('sha256').update(supergraphSdl).digest('hex').slice(0, 12),
    supergraphSdl,
    apiSchema,
    schema: apiSchema.toGraphQLJSSchema(),
    supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
    planner: new QueryPlanner(supergraph, { exposeDocumentNodeInFetchNode: false }),
    services: supergraph.subgraphsMetadata(),
    declared: readDeclared(supergraph.schema),
    fieldSets: readFieldSets(document),
  };
}
