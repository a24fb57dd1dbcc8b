import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { CLIENT_ADDRESS_HEADER, REQUEST_ID_HEADER, VIEWER_HEADER } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import { traceHeaders } from '@pulsegraph/kit/tracing';
import { CircuitBreaker } from './circuit-breaker.js';
import { subscribeOverSse } from './upstream-sse.js';
import { createUpstreamSocket } from './upstream-socket.js';
import { unavailable, type FetchContext, type SubgraphClient, type SubgraphOperation, type SubgraphResponse } from './subgraph-client.js';

export interface RemoteClientOptions {
  url: string;
  deadlineMs: number;
  log: Log;
  /** Lets a subgraph of ours believe the client address; never sent to strangers' subgraphs. */
  internalToken?: string;
  maxAnswerBytes?: number;
}

class Fault extends Error {
  constructor(
    readonly reason: 'unreachable' | 'timeout' | 'bad-answer',
    cause: unknown,
    readonly retriable = false,
  ) {
    super(reason, { cause });
  }
}

/** A subgraph over HTTP/1.1 with keep-alive, and graphql-transport-ws for its subscriptions. */
export function createRemoteClient(name: string, options: RemoteClientOptions): SubgraphClient {
  const { deadlineMs, log, internalToken, maxAnswerBytes = 64 << 20 } = options;
  const url = new URL(options.url);
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: 512, maxFreeSockets: 64, scheduling: 'lifo' as const };
  const agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  const send = secure ? httpsRequest : httpRequest;
  const breaker = new CircuitBreaker();
  let overSse = false;
  const socket = createUpstreamSocket(name, url, log, () => (overSse = true));
  const target: RequestOptions = {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (secure ? 443 : 80),
    path: url.pathname + url.search,
    method: 'POST',
    agent,
  };

  function headersOf(context: FetchContext, length: number): Record<string, string | number> {
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      accept: 'application/json',
      'content-length': length,
      [REQUEST_ID_HEADER]: context.requestId,
      ...traceHeaders(),
    };
    if (context.viewerHeader) headers[VIEWER_HEADER] = context.viewerHeader;
    if (context.userAgent) headers['user-agent'] = context.userAgent;
    if (internalToken) {
      headers.authorization = `Bearer ${internalToken}`;
      if (context.clientAddress) headers[CLIENT_ADDRESS_HEADER] = context.clientAddress;
    }
    return headers;
  }

  function post(body: Buffer, context: FetchContext): Promise<SubgraphResponse> {
    return new Promise((resolve, reject) => {
      const request = send({ ...target, headers: headersOf(context, body.length) });
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        request.destroy(new Error(`no answer within ${deadlineMs} ms`));
      }, deadlineMs);
      const fail = (error: unknown) => {
        clearTimeout(timer);
        const code = (error as NodeJS.ErrnoException).code;
        // A kept-alive connection that the other side was closing just then: nobody has seen the request.
        const retriable = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        reject(new Fault(timedOut ? 'timeout' : 'unreachable', error, retriable && !timedOut));
      };
      request.on('error', fail);
      request.on('response', (response) => {
        readAnswer(response, maxAnswerBytes).then(
          (answer) => {
            clearTimeout(timer);
            resolve(answer);
          },
          (error: unknown) => {
            if (error instanceof Fault) {
              clearTimeout(timer);
              reject(error);
            } else fail(error);
          },
        );
      });
      request.end(body);
    });
  }

  async function attempt(operation: SubgraphOperation, context: FetchContext): Promise<SubgraphResponse> {
    const body = Buffer.from(JSON.stringify(operation));
    try {
      return await post(body, context);
    } catch (error) {
      // A mutation is never sent twice: the first may have been carried out.
      if (error instanceof Fault && error.retriable && !operation.query.startsWith('mutation')) return post(body, context);
      throw error;
    }
  }

  return {
    name,
    async fetch(operation, context) {
      if (!breaker.admits()) return unavailable(name, 'circuit-open');
      try {
        const answer = await attempt(operation, context);
        breaker.succeeded();
        return answer;
      } catch (error) {
        breaker.failed();
        const { reason, cause } = error instanceof Fault ? error : { reason: 'bad-answer' as const, cause: error };
        log.warn({ err: cause, service: name, reason, requestId: context.requestId }, 'Subgraph fetch failed');
        return unavailable(name, reason);
      }
    },
    subscribe: (operation, context) =>
      overSse ? subscribeOverSse(operation, { name, send, target, headers: headersOf(context, 0) }) : socket.subscribe(operation, context),
    async recordAccess(access, context) {
      if (!internalToken) return;
      const body = JSON.stringify(access);
      const headers = headersOf(context, Buffer.byteLength(body)) as Record<string, string>;
      delete headers['content-length']; // fetch counts for itself
      const signal = AbortSignal.timeout(deadlineMs);
      const response = await fetch(new URL('/internal/audit/access', url), { method: 'POST', headers, body, signal });
      await response.arrayBuffer();
      if (response.status !== 204) throw new Error(`The ${name} service answered ${response.status}.`);
    },
    async check() {
      const answer = await post(Buffer.from('{"query":"{__typename}"}'), { requestId: 'health' });
      if (!answer.data) throw new Error('no data');
    },
    async close() {
      agent.destroy();
      await socket.close();
    },
  };
}

/** GraphQL errors may come with any status; anything that is no GraphQL response is a fault of the subgraph. */
function readAnswer(response: IncomingMessage, maxBytes: number): Promise<SubgraphResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) {
        reject(new Fault('bad-answer', new Error(`more than ${maxBytes} bytes`)));
        response.destroy();
      }
    });
    response.on('error', reject);
    response.on('end', () => {
      try {
        resolve(parseAnswer((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString(), response.statusCode));
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}

function parseAnswer(text: string, status: number | undefined): SubgraphResponse {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Fault('bad-answer', new Error(`status ${status}, not JSON`));
  }
  if (typeof answer !== 'object' || answer === null || !('data' in answer || 'errors' in answer)) {
    throw new Fault('bad-answer', new Error(`status ${status}, no GraphQL response`));
  }
  return answer as SubgraphResponse;
}
