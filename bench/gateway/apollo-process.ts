// @apollo/gateway behind Apollo Server, as its documentation shows it.
import { readFileSync } from 'node:fs';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { serveWorker } from '../worker/worker.js';

serveWorker({
  async start(supergraphFile: string): Promise<string> {
    const gateway = new ApolloGateway({
      supergraphSdl: readFileSync(supergraphFile, 'utf8'),
      buildService: ({ url }) => new RemoteGraphQLDataSource({ url }),
    });
    const server = new ApolloServer({ gateway });
    const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
    return new URL('/graphql', url).href;
  },
});
