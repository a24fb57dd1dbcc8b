import { createServer, type Server } from 'node:http';
import type { Role, Viewer } from '@pulsegraph/contracts';
import { closeServer, healthRoutes, listen, type HealthCheck } from '@pulsegraph/kit/http';
import type { Log } from '@pulsegraph/kit/log';
import type { RevocationList } from '@pulsegraph/kit/revocations';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import express, { Router, type RequestHandler } from 'express';
import helmet from 'helmet';
import { authRoutes } from './http/auth-routes.js';
import { clientOriginReader } from './http/client-origin.js';
import { debugRoutes } from './http/debug-routes.js';
import { exportRoute } from './http/export-route.js';
import { createGraphQLHandler } from './http/graphql-handler.js';
import { Origins } from './http/origins.js';
import { staticClient } from './http/static-client.js';
import { createAccessTokenVerifier, type JwksSource } from './identity/access-token.js';
import { createApiKeyVerifier, type ApiKeySource } from './identity/api-key.js';
import { createIdentity, noIdentity, type Verifiers } from './identity/identity.js';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits/limits.js';
import type { RateLimiter } from './limits/rate-limiter.js';
import { Engine } from './operation/engine.js';
import { RequestResolver } from './operation/request-resolver.js';
import type { TrustedDocuments } from './operation/trusted-set.js';
import { createRemoteClient } from './subgraph-client/remote.js';
import type { SubgraphClient } from './subgraph-client/subgraph-client.js';
import { LiveEngine } from './subscriptions/live-engine.js';
import { DEFAULT_LIVE_SETTINGS, type LiveSettings } from './subscriptions/live-settings.js';
import type { EventStream } from './subscriptions/transport/event-stream.js';
import { SessionKeeper } from './subscriptions/transport/session-keeper.js';
import { attachWebSocketServer } from './subscriptions/transport/websocket-server.js';
import { WriteCoalescer } from './subscriptions/transport/write-coalescer.js';
import type { RegistrySource } from './supergraph/registry-source.js';
import type { SupergraphSource } from './supergraph/source.js';
import { UsageReporter, type UsageReporterOptions } from './usage/usage-reporter.js';

/** How callers are known. Null in the options: everybody is a stranger (`--no-auth`). */
export interface IdentityOptions {
  jwks: JwksSource;
  /** Without it API keys are refused. */
  apiKeys?: ApiKeySource;
  revocations: Pick<RevocationList, 'isRevoked' | 'onRevocation' | 'degraded'>;
  signViewer: (viewer: Viewer) => string;
}

export interface GatewayOptions {
  version: string;
  log: Log;
  supergraph: SupergraphSource;
  /** By name in the supergraph: a subgraph in this process, or the URL of one. Others are at the URL in the supergraph. */
  subgraphs: Readonly<Record<string, Subgraph | string>>;
  identity: IdentityOptions | null;
  /** Lets our subgraphs believe the client address that we forward. */
  internalToken?: string;
  /** Where browsers reach us. */
  publicUrl: string;
  /** The built dashboard; without it there is none at `/`. */
  clientDir?: string;
  limits?: Partial<GatewayLimits>;
  live?: Partial<LiveSettings>;
  trustedDocuments?: TrustedDocuments;
  /** `published`: only documents that clients have published to the registry run. */
  documents?: { only: 'published'; from: RegistrySource; escapeRoles: readonly Role[] };
  /** Where executions and open subscriptions are reported; without it nowhere. */
  usage?: Omit<UsageReporterOptions, 'log'> & { servedVersion: () => number | null };
  /** Proxies in front of us whose X-Forwarded-For is to be believed. */
  trustedProxies?: number;
  introspectionForStrangers?: boolean;
  /** False passes errors of subgraphs through as they are. */
  maskErrors?: boolean;
  /** An operation on an open connection ends this long after its token. */
  sessionGraceMs?: number;
  /** Writes to one socket within this long go out together; 0 turns it off. */
  coalesceMs?: number;
  pingMs?: number;
  /** How often callers may ask; without it as often as they like. */
  rates?: RateLimiter;
  /** Origins of pages besides our own that may call us. */
  allowedOrigins?: readonly string[];
  /** More to ask on /health/ready. */
  checks?: readonly HealthCheck[];
}

export interface Gateway {
  readonly httpServer: Server;
  /** Mounts routes of other parts (the bridge's `/ingest`), before the dashboard's catch-all. */
  mount(path: string, handler: RequestHandler): void;
  /** Loads the supergraph, then listens. @returns The port in use. */
  start(port: number, host?: string): Promise<number>;
  /** Tells live clients to come back, lets running requests finish, closes connections to subgraphs. */
  stop(graceMs?: number): Promise<void>;
  readonly checks: readonly HealthCheck[];
  readonly engine: Engine;
  readonly live: LiveEngine;
}

const STOP_GRACE_MS = 5_000;

const verifiersOf = ({ jwks, apiKeys }: IdentityOptions): Verifiers => ({
  tokens: createAccessTokenVerifier(jwks),
  ...(apiKeys && { apiKeys: createApiKeyVerifier(apiKeys) }),
});

export function createGateway(options: GatewayOptions): Gateway {
  const { log, version, publicUrl, internalToken } = options;
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const settings: LiveSettings = { ...DEFAULT_LIVE_SETTINGS, ...options.live };
  const identity = options.identity ? createIdentity(verifiersOf(options.identity), options.identity.revocations) : noIdentity;
  const origins = new Origins(publicUrl, options.allowedOrigins);
  const originOf = clientOriginReader(options.trustedProxies ?? 0);

  const clients = new Map<string, SubgraphClient>();
  let createLocalClient: typeof import('./subgraph-client/local.js').createLocalClient;
  const clientFor = ({ name, url }: { name: string; url: string }): SubgraphClient => {
    const target = options.subgraphs[name] ?? url;
    const key = typeof target === 'string' ? `${name} ${target}` : name;
    let client = clients.get(key);
    if (!client) {
      const { subgraphDeadlineMs: deadlineMs } = limits;
      client =
        typeof target === 'string'
          ? createRemoteClient(name, { url: target, deadlineMs, log, internalToken: name in options.subgraphs ? internalToken : undefined })
          : createLocalClient(name, target, { deadlineMs, log });
      clients.set(key, client);
    }
    return client;
  };

  const engine = new Engine({
    limits,
    log,
    clientFor,
    maskUnknown: options.maskErrors ?? true,
    rates: options.rates ?? null,
    signViewer: options.identity?.signViewer ?? (() => ''),
    introspectionForStrangers: options.introspectionForStrangers ?? true,
    onUse: (prepared, caller, durationMs, failed) => usage?.record(prepared, caller, durationMs, failed),
  });
  // What no supergraph names any more is let go of when the last request to it must be over.
  engine.onReload(({ clients: current }) => {
    const wanted = new Set(current.values());
    for (const [key, client] of clients) {
      if (wanted.has(client)) continue;
      clients.delete(key);
      setTimeout(() => void client.close(), limits.requestDeadlineMs).unref();
    }
  });
  const requests = new RequestResolver({
    trusted: options.documents ? new Map() : (options.trustedDocuments ?? null),
    escapeRoles: options.documents?.escapeRoles,
  });
  options.documents?.from.onTrustedDocuments((documents) => requests.trust(documents));
  const live = new LiveEngine({ engine, settings, limits, log });
  const usage = options.usage && new UsageReporter({ ...options.usage, log }, engine, live, options.usage.servedVersion);
  const sessions = new SessionKeeper(identity, options.sessionGraceMs ?? 30_000);
  const coalescer = new WriteCoalescer(options.coalesceMs ?? 5);
  const streams = new Set<EventStream>();
  const openConnections = () => webSockets.size + streams.size;
  const pingMs = options.pingMs ?? 15_000;

  let failure: unknown;
  const supergraphListener = {
    onSupergraph: (sdl: string) => {
      engine.load(sdl);
      failure = undefined;
    },
    onUnchanged: () => void (failure = undefined),
    onFailure: (error: unknown) => {
      if (failure === undefined) log.error({ err: error }, 'No new supergraph can be taken; the last good one goes on serving');
      failure = error;
    },
  };
  const checks: HealthCheck[] = [
    {
      name: 'supergraph',
      optional: engine.loaded,
      check: () =>
        failure === undefined && engine.loaded ? Promise.resolve() : Promise.reject(new Error('no supergraph, or the newest was refused')),
    },
    ...(options.checks ?? []),
  ];
  if (options.identity) {
    const { revocations } = options.identity;
    checks.push({
      name: 'revocations',
      optional: true,
      check: () => (revocations.degraded ? Promise.reject(new Error('the feed does not answer')) : Promise.resolve()),
    });
  }
  const subgraphChecks = (): HealthCheck[] =>
    engine.loaded
      ? [...engine.current.clients.values()].map((client) => ({
          name: `subgraph:${client.name}`,
          optional: true,
          check: () => client.check(),
        }))
      : [];
  const allChecks = () => [{ ...checks[0]!, optional: engine.loaded }, ...checks.slice(1), ...subgraphChecks()];

  const mounted = Router();
  const app = express();
  app.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } },
      strictTransportSecurity: publicUrl.startsWith('https:'),
    }),
  );
  app.use((request, response, next) => healthRoutes({ version, checks: allChecks() })(request, response, next));
  if (options.identity) app.use('/auth', authRoutes({ engine, identity, publicUrl, originOf }));
  const { telemetry } = options.subgraphs;
  if (options.identity && telemetry) app.use('/export', exportRoute({ identity, signViewer: options.identity.signViewer, telemetry }));
  app.use('/debug', debugRoutes({ live, engine, internalToken }));
  app.use(mounted);
  if (options.clientDir) app.use(staticClient(options.clientDir, publicUrl));
  app.use((_request, response) => void response.status(404).json({ error: 'There is nothing at this address.' }));

  const graphql = createGraphQLHandler({
    engine,
    requests,
    identity,
    limits,
    log,
    originOf,
    openConnections,
    streams: {
      engine,
      live,
      sessions,
      coalescer,
      keepAliveMs: pingMs,
      onOpen: (stream) => streams.add(stream),
      onClosed: (stream) => streams.delete(stream),
    },
  });
  const httpServer = createServer((request, response) => {
    const { url = '/' } = request;
    if (url === '/graphql' || url.startsWith('/graphql?')) {
      response.setHeader('x-content-type-options', 'nosniff');
      if (!origins.handle(request, response)) graphql(request, response);
    } else app(request, response);
  });
  httpServer.keepAliveTimeout = 65_000; // longer than the proxies' before us, so that they never reuse a closing connection
  const webSockets = attachWebSocketServer(httpServer, {
    path: '/graphql',
    origins,
    engine,
    requests,
    live,
    identity,
    sessions,
    limits,
    coalescer,
    pingMs,
    log,
    originOf,
    openConnections,
  });

  return {
    httpServer,
    engine,
    live,
    get checks() {
      return allChecks();
    },
    mount: (path, handler) => void mounted.use(path, handler),
    async start(port, host) {
      // Only a gateway with subgraphs in its process needs their server side.
      if (Object.values(options.subgraphs).some((target) => typeof target !== 'string'))
        ({ createLocalClient } = await import('./subgraph-client/local.js'));
      await options.supergraph.start(supergraphListener);
      sessions.start();
      usage?.start();
      return listen(httpServer, port, 'PORT', host);
    },
    async stop(graceMs = STOP_GRACE_MS) {
      options.supergraph.stop();
      sessions.stop();
      const closing = closeServer(httpServer);
      const told = streams.size;
      for (const stream of [...streams]) stream.shutDown(told);
      await webSockets.close(graceMs);
      live.close();
      await usage?.stop();
      const late = setTimeout(() => httpServer.closeAllConnections(), graceMs);
      await closing;
      clearTimeout(late);
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
