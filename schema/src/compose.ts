import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { parse, printSchema } from 'graphql';
import type { SubgraphSdl } from './subgraphs.js';

export interface Composed {
  supergraphSdl: string;
  /** What clients see: no federation, no subgraph. Typed documents are generated from it. */
  apiSdl: string;
}

/** @throws One error that names every reason for which the subgraphs do not compose. */
export function compose(subgraphs: readonly SubgraphSdl[]): Composed {
  const { supergraphSdl, errors } = composeServices(subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
  if (errors?.length || !supergraphSdl) {
    throw new Error(`The subgraphs do not compose:\n${(errors ?? []).map(({ message }) => `  ${message}`).join('\n')}`);
  }
  const apiSdl = printSchema(Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema());
  return { supergraphSdl, apiSdl };
}
