import type { Revocation, Role, Viewer } from '@pulsegraph/contracts';
import { silentLog } from '@pulsegraph/kit/log';
import type { RevocationSubject } from '@pulsegraph/kit/revocations';
import { serveSubgraph, type ServedSubgraph } from '@pulsegraph/kit/subgraph';
import { createViewerSigner } from '@pulsegraph/kit/viewer';
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import WebSocket from 'ws';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.js';
import { supergraphFromSdl } from '../supergraph/source.js';
import { INTERNAL_TOKEN, VIEWER_KEY, World, composeTestGraph, testSubgraphs, type TestSubgraph } from './test-graph.js';

export const ORGANIZATION_ID = '6f1f0a52-4f2c-4d53-9d0f-0f5b8f1f2a01';
export const USER_ID = '0b7a4f0e-6f0e-4c6b-8a52-30d0f1a4c201';

export interface TokenOptions {
  role?: Role;
  name?: string;
  userId?: string;
  sessionId?: string;
  organizationId?: string;
  expiresInS?: number;
}

/** Stands in for the users subgraph's keys and revocations feed. */
export async function testIdentity() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' };
  const revoked: ((subject: RevocationSubject) => boolean)[] = [];
  const listeners = new Set<(revocation: Revocation) => void>();
  return {
    jwks: () => Promise.resolve({ keys: [jwk] }),
    signViewer: createViewerSigner(VIEWER_KEY),
    revocations: {
      isRevoked: (subject: RevocationSubject) => revoked.some((matches) => matches(subject)),
      onRevocation: (listener: (revocation: Revocation) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      degraded: false,
    },
    revokeSession(sessionId: string) {
      revoked.push((subject) => subject.sessionId === sessionId);
      for (const listener of listeners)
        listener({ revision: 1, kind: 'session', sessionId, organizationId: ORGANIZATION_ID, atMs: Date.now() });
    },
    token: ({
      role = 'OPERATOR',
      name = 'Olga',
      userId = USER_ID,
      sessionId = 's1',
      organizationId = ORGANIZATION_ID,
      expiresInS = 600,
    }: TokenOptions = {}) =>
      new SignJWT({ org: organizationId, orgKey: 'demo', role, sid: sessionId, name })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setIssuer('pulsegraph')
        .setAudience('pulsegraph')
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInS)
        .sign(privateKey),
  };
}

export interface TestGateway {
  gateway: Gateway;
  world: World;
  identity: Awaited<ReturnType<typeof testIdentity>>;
  subgraphs: TestSubgraph[];
  port: number;
  url: string;
  served: Map<string, ServedSubgraph>;
  query(query: string, options?: QueryOptions): Promise<{ status: number; headers: Headers; body: GraphQLBody }>;
  client(token?: string | null, options?: Partial<ClientOptions>): Client;
  /** Serves a subgraph on its port again, after `served.get(name).close()`. */
  serveAgain(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface GraphQLBody {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

interface QueryOptions {
  variables?: Record<string, unknown>;
  token?: string | null;
  headers?: Record<string, string>;
  operationName?: string;
}

export const aViewer = (over: Partial<Viewer> = {}): Viewer => ({
  organizationId: ORGANIZATION_ID,
  organizationKey: 'demo',
  role: 'OPERATOR',
  subject: { kind: 'USER', id: USER_ID, name: 'Olga', sessionId: 's1' },
  ...over,
});

/** @param remote Serve the subgraphs over HTTP and graphql-ws, each on a port of its own. */
export async function startTestGateway(remote: boolean, over: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const world = new World();
  const subgraphs = testSubgraphs(world);
  const identity = await testIdentity();
  const served = new Map<string, ServedSubgraph>();
  const ports = new Map<string, number>();
  const serve = async (subgraph: TestSubgraph) => {
    const server = await serveSubgraph(subgraph, { version: 'test', internalToken: INTERNAL_TOKEN, log: silentLog });
    served.set(subgraph.name, server);
    ports.set(subgraph.name, await server.listen(ports.get(subgraph.name) ?? 0));
  };
  if (remote) await Promise.all(subgraphs.map(serve));
  const gateway = createGateway({
    version: 'test',
    log: silentLog,
    supergraph: supergraphFromSdl(composeTestGraph(subgraphs)),
    subgraphs: Object.fromEntries(
      subgraphs.map((subgraph) => [subgraph.name, remote ? `http://127.0.0.1:${ports.get(subgraph.name)}/graphql` : subgraph]),
    ),
    identity,
    internalToken: INTERNAL_TOKEN,
    publicUrl: 'http://localhost:4000',
    ...over,
  });
  const port = await gateway.start(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const clients: Client[] = [];
  const usual = await identity.token();
  world.issueSession = async () => ({
    accessToken: await identity.token(),
    accessTokenExpiresAt: new Date(Date.now() + 600_000).toISOString(),
  });
  return {
    gateway,
    world,
    identity,
    subgraphs,
    port,
    url,
    served,
    async query(query, { variables, token = usual, headers = {}, operationName } = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables, operationName }),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as GraphQLBody };
    },
    client(token = usual, options = {}) {
      const client = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: token ? { authorization: `Bearer ${token}` } : {},
        onNonLazyError: () => undefined,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async serveAgain(name) {
      await serve(subgraphs.find((subgraph) => subgraph.name === name)!);
    },
    async stop() {
      for (const client of clients) await client.dispose();
      await gateway.stop(500);
      await Promise.all([...served.values()].map((server) => server.close()));
    },
  };
}

/** Collects what a subscription gets; `wait(n)` resolves with the first n results, or rejects with the subscription's error. */
export function collect(client: Client, query: string, variables?: Record<string, unknown>) {
  const results: GraphQLBody[] = [];
  let outcome: { error?: unknown } | undefined;
  let wake: () => void = () => undefined;
  const stop = client.subscribe(
    { query, variables },
    {
      next: (result) => {
        results.push(result as GraphQLBody);
        wake();
      },
      error: (error) => {
        outcome = { error };
        wake();
      },
      complete: () => {
        outcome ??= {};
        wake();
      },
    },
  );
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    results,
    stop,
    async wait(count: number) {
      await until(() => results.length >= count || outcome !== undefined);
      if (results.length < count) throw new Error(`ended after ${results.length}: ${JSON.stringify(outcome?.error)}`);
      return results.slice(0, count);
    },
    /** The errors with which the subscription ended; null when it completed. */
    async ended(): Promise<GraphQLBody['errors'] | null> {
      await until(() => outcome !== undefined);
      return outcome && 'error' in outcome ? (outcome.error as GraphQLBody['errors']) : null;
    },
  };
}
