import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@apollo/composition';
import { silentLog } from '@pulsegraph/kit/log';
import { parse } from 'graphql';
import { createGateway } from '../gateway.js';
import { supergraphFromSdl } from '../supergraph/source.js';

export interface PlainSubgraph {
  sdl: string;
  resolvers: Record<string, unknown>;
}

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@interfaceObject"])\n';

/** Composes subgraphs in this process and returns a function that asks them. Strangers only; errors are not masked. */
export async function askSupergraph(subgraphs: Record<string, PlainSubgraph>) {
  const entries = Object.entries(subgraphs).map(([name, { sdl, resolvers }]) => ({
    name,
    url: `http://${name}`,
    typeDefs: parse(LINK + sdl),
    resolvers,
  }));
  const { supergraphSdl, errors } = composeServices(entries);
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
  const gateway = createGateway({
    version: 'test',
    log: silentLog,
    supergraph: supergraphFromSdl(supergraphSdl),
    subgraphs: Object.fromEntries(
      entries.map(({ name, typeDefs, resolvers }) => [
        name,
        {
          name,
          schema: buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]),
          createContext: ({ requestId }) => ({ viewer: null, requestId }),
          checks: [],
          start: () => Promise.resolve(),
          stop: () => Promise.resolve(),
        },
      ]),
    ),
    identity: null,
    publicUrl: 'http://localhost',
    maskErrors: false,
  });
  await gateway.start(0, '127.0.0.1');
  return {
    ask: (query: string, variables?: Record<string, unknown>) =>
      gateway.engine.answer({ query, variables }, { viewer: null, requestId: 'r' }),
    stop: () => gateway.stop(10),
  };
}
