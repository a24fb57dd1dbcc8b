import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { DomainError } from '@pulsegraph/kit/errors';
import { GraphQLError, Source, parse, printSchema, type DocumentNode } from 'graphql';
import type { SubgraphSdl } from '../generate/subgraphs.js';
import { faultText, hintFor, type SchemaFault } from './fault.js';

export interface Composed {
  supergraphSdl: string;
  /** What clients see: no federation, no subgraph. Typed documents are generated from it. */
  apiSdl: string;
}

/** The subgraphs do not fit together, or one of them cannot be read. */
export class CompositionFailed extends DomainError {
  constructor(readonly faults: readonly SchemaFault[]) {
    super('COMPOSITION_FAILED', `The subgraphs do not compose:\n${faults.map(faultText).join('\n')}`, { faults });
  }
}

/**
 * @param mine The subgraph that changes: of two places that disagree, the one in it is named.
 * @throws CompositionFailed with every fault, its file and line.
 */
export function compose(subgraphs: readonly SubgraphSdl[], mine?: string): Composed {
  const services = subgraphs.map((subgraph) => ({ name: subgraph.name, url: subgraph.url, typeDefs: parseSubgraph(subgraph) }));
  let result: ReturnType<typeof composeServices>;
  try {
    result = composeServices(services);
  } catch (error) {
    throw new CompositionFailed([faultOf(error instanceof GraphQLError ? error : new GraphQLError(String(error)), mine)]);
  }
  const { supergraphSdl, errors } = result;
  if (errors?.length || !supergraphSdl) throw new CompositionFailed((errors ?? []).map((error) => faultOf(error, mine)));
  return composedOf(supergraphSdl);
}

/** What clients see is printed when it is asked for: a check does not. */
function composedOf(supergraphSdl: string): Composed {
  let apiSdl: string | undefined;
  return {
    supergraphSdl,
    get apiSdl() {
      return (apiSdl ??= apiSdlOf(supergraphSdl));
    },
  };
}

/** @throws GraphQLError when clients would see something that refers to what they may not see. */
export const apiSdlOf = (supergraphSdl: string): string => printSchema(Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema());

export const fileOf = (subgraph: string): string => `${subgraph}.graphql`;

/** @throws CompositionFailed */
export function parseSubgraph({ name, sdl }: Pick<SubgraphSdl, 'name' | 'sdl'>): DocumentNode {
  try {
    return parse(new Source(sdl, fileOf(name)));
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const line = error.locations?.[0]?.line ?? null;
    throw new CompositionFailed([{ code: 'INVALID_SDL', message: error.message, file: fileOf(name), line, hint: hintFor('INVALID_SDL') }]);
  }
}

function faultOf(error: GraphQLError, mine: string | undefined): SchemaFault {
  const places = (error.nodes ?? []).flatMap(({ loc }) => (loc ? [{ file: loc.source.name, line: loc.startToken.line }] : []));
  const place = places.find(({ file }) => mine !== undefined && file === fileOf(mine)) ?? places[0];
  const code = String(error.extensions.code ?? 'COMPOSITION');
  // Apollo begins messages with the subgraph, which the place says already.
  return { code, message: error.message, file: place?.file ?? null, line: place?.line ?? null, hint: hintFor(code) };
}
