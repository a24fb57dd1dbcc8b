import { randomUUID } from 'node:crypto';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import { CLIENT_ADDRESS_HEADER, REQUEST_ID_HEADER, VIEWER_HEADER } from '@pulsegraph/contracts';
import { json, type Request } from 'express';
import { getOperationAST, GraphQLError, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { errors, formatError } from '../errors/index.js';
import { createHttpService, isInternal, type HttpService } from '../http/index.js';
import type { Log } from '../log/index.js';
import { traceRequests } from '../tracing/index.js';
import { ForgedViewerError } from '../viewer/index.js';
import { accessRoute } from './access-route.js';
import { refuseClassViewer, type Subgraph, type SubgraphContext, type SubgraphRequest } from './subgraph.js';

export interface ServeSubgraphOptions {
  version: string;
  internalToken: string;
  log: Log;
}

export interface ServedSubgraph {
  readonly http: HttpService;
  listen(port: number): Promise<number>;
  /** Ends subscriptions and connections; then stop the subgraph itself. */
  close(): Promise<void>;
}

const MAX_BODY = '10mb';

/** Apollo Server on `/graphql` over HTTP and graphql-transport-ws, `/health/*`, `/metrics` and the subgraph's own routes. */
export async function serveSubgraph(subgraph: Subgraph, options: ServeSubgraphOptions): Promise<ServedSubgraph> {
  const { log, internalToken, version } = options;
  const http = createHttpService({ version, checks: subgraph.checks, log });
  if (subgraph.routes) http.app.use(subgraph.routes);
  if (subgraph.recordAccess) http.app.use(accessRoute(subgraph, internalToken, (request) => requestIn(request, internalToken)));

  const apollo = new ApolloServer<SubgraphContext>({
    schema: subgraph.schema,
    introspection: true,
    csrfPrevention: false, // only the gateway calls, with a signed viewer
    // Apollo would raise the signal again after stopping, which our own handler takes for a second, impatient one.
    stopOnTerminationSignals: false,
    plugins: [classViewerPlugin, ApolloServerPluginInlineTraceDisabled()],
    formatError: (_formatted, error) => formatError(error, log),
    logger: log,
  });
  await apollo.start();
  http.app.use(
    '/graphql',
    traceRequests,
    json({ limit: MAX_BODY }),
    expressMiddleware(apollo, {
      context: ({ req }) => {
        try {
          return Promise.resolve(subgraph.createContext(requestIn(req, internalToken)));
        } catch (error) {
          return Promise.reject(asGraphQLError(viewerFault(error), log));
        }
      },
    }),
  );

  const sockets = new WebSocketServer({ server: http.server, path: '/graphql', maxPayload: 1 << 20 });
  const live = useServer(
    {
      schema: subgraph.schema,
      // A signed viewer lives a minute and a socket for days: each operation brings its own in `extensions`.
      context: (ctx, _id, payload) => subgraph.createContext(requestOf(ctx.connectionParams, payload.extensions)),
      // Refused here, an operation fails alone; an error thrown later would close the socket under all the others.
      onSubscribe: (ctx, _id, payload) => {
        try {
          const { viewer } = subgraph.createContext(requestOf(ctx.connectionParams, payload.extensions));
          const operation = getOperationAST(parse(payload.query), payload.operationName);
          if (operation) refuseClassViewer(viewer, operation);
          return undefined;
        } catch (error) {
          return [asGraphQLError(viewerFault(error), log)];
        }
      },
      onError: (_ctx, _id, _payload, faults) => faults.map((error) => asGraphQLError(error, log)),
      onNext: (_ctx, _id, _payload, _args, result) =>
        result.errors ? { ...result, errors: result.errors.map((error) => asGraphQLError(error, log)) } : undefined,
    },
    sockets,
    12_000,
  );

  return {
    http,
    listen: (port) => http.listen(port),
    async close() {
      await live.dispose();
      await apollo.stop();
      await http.close();
    },
  };
}

function requestIn(request: Request, internalToken: string): SubgraphRequest {
  const trusted = isInternal(request.get('authorization'), internalToken);
  return {
    viewerHeader: request.get(VIEWER_HEADER),
    requestId: request.get(REQUEST_ID_HEADER) ?? randomUUID(),
    clientAddress: trusted ? request.get(CLIENT_ADDRESS_HEADER) : undefined,
    userAgent: request.get('user-agent'),
  };
}

function requestOf(
  params: Readonly<Record<string, unknown>> | undefined,
  extensions: Readonly<Record<string, unknown>> | null | undefined,
) {
  return {
    viewerHeader: textOf(extensions?.[VIEWER_HEADER]) ?? textOf(params?.[VIEWER_HEADER]),
    requestId: textOf(extensions?.[REQUEST_ID_HEADER]) ?? randomUUID(),
  };
}

/** A viewer nobody signed is nobody: the caller learns no more than that. */
function viewerFault(error: unknown): unknown {
  return error instanceof ForgedViewerError ? errors.unauthenticated() : error;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asGraphQLError(error: unknown, log: Log): GraphQLError {
  const { message, path, extensions } = formatError(error, log);
  return new GraphQLError(message, { path, extensions });
}

const classViewerPlugin: ApolloServerPlugin<SubgraphContext> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ operation, contextValue }) {
        if (operation) refuseClassViewer(contextValue.viewer, operation);
        return Promise.resolve();
      },
    }),
};
