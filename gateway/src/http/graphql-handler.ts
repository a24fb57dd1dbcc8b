import type { IncomingMessage, ServerResponse } from 'node:http';
import { REQUEST_ID_HEADER } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { inSpan } from '@pulsegraph/kit/tracing';
import type { Credential } from '../identity/access-token.js';
import type { Identity } from '../identity/identity.js';
import type { GatewayLimits } from '../limits/limits.js';
import type { Caller, Engine, GraphQLRequest } from '../operation/engine.js';
import type { GraphQLResult } from '../operation/plan-execution.js';
import type { RequestResolver } from '../operation/request-resolver.js';
import { EventStream, type EventStreamDeps } from '../subscriptions/transport/event-stream.js';
import { requestIdOf, type ClientOrigin } from './client-origin.js';
import { BadRequest, readParams } from './graphql-params.js';
import { negotiate, type ResponseMediaType } from './negotiation.js';

export interface GraphQLHandlerOptions {
  engine: Engine;
  requests: RequestResolver;
  identity: Identity;
  limits: GatewayLimits;
  log: Log;
  originOf: (request: IncomingMessage) => ClientOrigin;
  streams: EventStreamDeps;
  openConnections: () => number;
}

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** GraphQL over HTTP, and over SSE where the client accepts only that. Plain node:http: this is the hot path. */
export function createGraphQLHandler(options: GraphQLHandlerOptions): RequestHandler {
  const { engine, requests, identity, limits, log, originOf, streams } = options;

  async function handle(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const media = negotiate(request.headers.accept);
    if (request.method !== 'GET' && request.method !== 'POST') throw new BadRequest(405, 'Use GET or POST.', {}, { allow: 'GET, POST' });
    if (!media) throw new BadRequest(406, 'Accept application/graphql-response+json, application/json or text/event-stream.');
    const params = await readParams(request, limits.bodyBytes);
    const caller: Caller = { viewer: null, requestId, ...originOf(request) };
    let credential: Credential | null;
    try {
      const authenticated = identity.authenticate(request.headers.authorization);
      credential = authenticated instanceof Promise ? await authenticated : authenticated;
    } catch (error) {
      return answer(response, media, { errors: engine.refusal(error, caller) }, requestId);
    }
    caller.viewer = credential?.viewer ?? null;
    if (media === 'text/event-stream') return stream(request, response, params, caller, credential);
    if (!Array.isArray(params)) return answer(response, media, await run(request, params, caller), requestId);
    if (params.length > limits.batchSize) {
      throw new BadRequest(400, limits.batchSize === 0 ? 'Batches are not accepted.' : `At most ${limits.batchSize} requests in a batch.`, {
        limit: 'batchSize',
        allowed: limits.batchSize,
      });
    }
    const results = await Promise.all(params.map((one) => run(request, one, caller)));
    send(response, 200, media, JSON.stringify(results.map(ordered)), requestId);
  }

  async function run(request: IncomingMessage, params: GraphQLRequest, caller: Caller): Promise<GraphQLResult> {
    let ready: ReturnType<Engine['prepare']>;
    try {
      ready = engine.prepare(requests.resolve(params, caller.viewer), caller);
    } catch (error) {
      return { errors: engine.refusal(error, caller) };
    }
    const { kind } = ready.prepared;
    if (kind === 'mutation' && request.method === 'GET') throw new BadRequest(405, 'Mutations need POST.', {}, { allow: 'POST' });
    if (kind === 'subscription') {
      const refusal = new DomainError('BAD_USER_INPUT', 'Subscriptions need Accept: text/event-stream, or a WebSocket.', { path: 'query' });
      return { errors: engine.refusal(refusal, caller) };
    }
    return engine.execute(ready, caller);
  }

  async function stream(
    request: IncomingMessage,
    response: ServerResponse,
    params: GraphQLRequest | GraphQLRequest[],
    caller: Caller,
    credential: Credential | null,
  ): Promise<void> {
    if (Array.isArray(params)) throw new BadRequest(400, 'A batch cannot be streamed.');
    if (options.openConnections() >= limits.connections) {
      return answer(
        response,
        'application/json',
        {
          errors: [
            {
              message: 'Too many open connections; try again shortly.',
              extensions: { code: 'SERVICE_UNAVAILABLE', service: 'gateway', limit: 'connections', allowed: limits.connections },
            },
          ],
        },
        caller.requestId,
        { 'retry-after': '5' },
      );
    }
    let ready: ReturnType<Engine['prepare']>;
    try {
      ready = engine.prepare(requests.resolve(params, caller.viewer), caller);
      if (ready.prepared.kind === 'mutation' && request.method === 'GET')
        throw new BadRequest(405, 'Mutations need POST.', {}, { allow: 'POST' });
    } catch (error) {
      if (error instanceof BadRequest) throw error;
      return new EventStream(request, response, credential, streams).fail(engine.refusal(error, caller));
    }
    const events = new EventStream(request, response, credential, streams);
    try {
      await events.run(ready, caller);
    } catch (error) {
      events.fail(engine.refusal(error, caller));
    }
  }

  return (request, response) => {
    const requestId = requestIdOf(request);
    const span = { kind: 'server' as const, headers: request.headers, requestId };
    inSpan(`${request.method} /graphql`, span, () => handle(request, response, requestId)).catch((error: unknown) => {
      if (error instanceof BadRequest) {
        const code = error.status === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_USER_INPUT';
        const body = JSON.stringify({ errors: [{ message: error.message, extensions: { code, ...error.details } }] });
        // What was not read of the body would be taken for the next request.
        const headers = error.status === 413 ? { ...error.headers, connection: 'close' } : error.headers;
        return send(response, error.status, errorMedia(request), body, requestId, headers);
      }
      log.error({ err: error, requestId }, 'Unexpected fault while answering a GraphQL request');
      const body = JSON.stringify({ errors: engine.refusal(error, { viewer: null, requestId }) });
      send(response, 500, errorMedia(request), body, requestId);
    });
  };
}

function errorMedia(request: IncomingMessage): ResponseMediaType {
  const media = negotiate(request.headers.accept);
  return media === 'application/graphql-response+json' ? media : 'application/json';
}

function answer(
  response: ServerResponse,
  media: ResponseMediaType,
  result: GraphQLResult,
  requestId: string,
  headers: Record<string, string> = {},
): void {
  const type = media === 'text/event-stream' ? 'application/json' : media;
  const status = statusOf(result, type);
  const retryAfterMs = result.errors?.[0]?.extensions?.retryAfterMs;
  if (status === 429 && typeof retryAfterMs === 'number') headers = { ...headers, 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
  if (status === 401) headers = { ...headers, 'www-authenticate': 'Bearer error="invalid_token"' };
  send(response, status, type, JSON.stringify(ordered(result)), requestId, headers);
}

/** Errors first: whoever reads a long answer in a log sees them. */
function ordered({ errors, data, extensions }: GraphQLResult): object {
  return { ...(errors && { errors }), ...(data !== undefined && { data }), ...(extensions && { extensions }) };
}

/** An answer with data is 200. One that was refused is 200 for application/json, by the specification, unless it is about the caller or us. */
function statusOf({ data, errors }: GraphQLResult, media: ResponseMediaType): number {
  if (data !== undefined) return 200;
  const code = errors?.[0]?.extensions?.code;
  if (code === 'UNAUTHENTICATED' || code === 'SESSION_EXPIRED') return 401;
  if (code === 'RATE_LIMITED') return 429;
  if (code === 'SERVICE_UNAVAILABLE') return 503;
  if (code === 'INTERNAL_SERVER_ERROR') return 500;
  return media === 'application/json' ? 200 : 400;
}

function send(
  response: ServerResponse,
  status: number,
  media: ResponseMediaType,
  body: string,
  requestId: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': `${media}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    [REQUEST_ID_HEADER]: requestId,
    ...headers,
  });
  response.end(body);
}
