import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { execute, parse, validate, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

export interface SubgraphServer {
  port: number;
  close(): Promise<void>;
}

/** A plain subgraph at `/graphql`: GraphQL over HTTP, and graphql-transport-ws for subscriptions. */
export async function serveSubgraph(schema: GraphQLSchema): Promise<SubgraphServer> {
  const server: Server = createServer((request, response) => {
    answer(schema, request, response).catch((error: unknown) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ message: String(error) }] }));
    });
  });
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer({ schema, onError: () => undefined }, sockets);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(schema: GraphQLSchema, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { query, variables, operationName } = JSON.parse(Buffer.concat(chunks).toString()) as {
    query: string;
    variables?: Record<string, unknown>;
    operationName?: string;
  };
  const document = parse(query);
  const errors = validate(schema, document);
  const result =
    errors.length > 0 ? { errors } : await execute({ schema, document, variableValues: variables, operationName, contextValue: {} });
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(result));
}
