import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { NAMES, sdlOf, type GraphShape, type SubgraphName } from './sdl.js';

export type SubgraphUrls = Readonly<Record<SubgraphName, string>>;

/** The supergraph of one shape of the graph, as a Federation 2 composition gives it. */
export function composeSupergraph(shape: GraphShape, urls: SubgraphUrls): string {
  const services = NAMES.map((name) => ({ name, url: urls[name], typeDefs: parse(sdlOf(name, shape)) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
