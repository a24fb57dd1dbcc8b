import { REQUEST_ID_HEADER, VIEWER_HEADER } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import type { GraphQLFormattedError } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { PushIterator } from './push-iterator.js';
import { SubgraphLost, SubscriptionRefused, type FetchContext, type SubgraphOperation, type SubgraphResponse } from './subgraph-client.js';

const HANDSHAKE_MS = 5_000;
const PING_MS = 10_000;
const PONG_MS = 5_000;
/** Events that may wait for the gateway. Beyond, the subscription is opened anew from its cursor. */
const MAX_PENDING = 10_000;

/** What `ws` says when there is a server that speaks HTTP and not this. */
const NO_WEBSOCKET = /Unexpected server response|Server sent (no|an invalid) subprotocol/;

class UpstreamWebSocket extends WebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols, { handshakeTimeout: HANDSHAKE_MS, perMessageDeflate: false, maxPayload: 64 << 20 });
  }
}

export interface UpstreamSocket {
  subscribe(operation: SubgraphOperation, context: FetchContext): AsyncIterableIterator<SubgraphResponse>;
  close(): Promise<void>;
}

/**
 * One graphql-transport-ws connection to a subgraph, opened with the first subscription and shared by all: each
 * subscription carries its own signed viewer in `extensions`. Pings find a peer that died without a word. It never
 * reopens by itself: whoever subscribes knows the cursor to go on from.
 * @param onNoWebSocket The subgraph answers HTTP and refuses the upgrade.
 */
export function createUpstreamSocket(name: string, url: URL, log: Log, onNoWebSocket: () => void): UpstreamSocket {
  const address = new URL(url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  let client: Client | undefined;

  function connect(): Client {
    let pongTimer: NodeJS.Timeout | undefined;
    const created: Client = createClient({
      url: address.href,
      webSocketImpl: UpstreamWebSocket,
      retryAttempts: 0,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: HANDSHAKE_MS,
      onNonLazyError: () => undefined,
      on: {
        ping: (received) => {
          if (received) return;
          clearTimeout(pongTimer);
          pongTimer = setTimeout(() => {
            log.warn({ service: name }, 'Subgraph socket answers no ping; closing it');
            created.terminate();
          }, PONG_MS);
          pongTimer.unref();
        },
        pong: (received) => {
          if (received) clearTimeout(pongTimer);
        },
        closed: () => clearTimeout(pongTimer),
      },
    });
    return created;
  }

  return {
    subscribe(operation, context) {
      client ??= connect();
      const events = new PushIterator<SubgraphResponse>(() => unsubscribe());
      const unsubscribe = client.subscribe(
        {
          query: operation.query,
          operationName: operation.operationName,
          variables: operation.variables,
          extensions: { [REQUEST_ID_HEADER]: context.requestId, ...(context.viewerHeader && { [VIEWER_HEADER]: context.viewerHeader }) },
        },
        {
          next: (event) => {
            // graphql-ws servers send what a subscribe resolver threw as an event without data, and complete.
            if (event.data === undefined && event.errors) return events.fail(new SubscriptionRefused(event.errors));
            events.push(event as SubgraphResponse);
            if (events.pending <= MAX_PENDING) return;
            events.fail(new SubgraphLost(`${name}: more than ${MAX_PENDING} events behind`));
            unsubscribe();
          },
          error: (fault) => {
            if (NO_WEBSOCKET.test(messageOf(fault) ?? '')) onNoWebSocket();
            events.fail(asFault(name, fault));
          },
          complete: () => events.end(),
        },
      );
      return events;
    },
    async close() {
      await client?.dispose();
      client = undefined;
    },
  };
}

/** graphql-ws hands over the errors of an `error` message, a close or error event, or whatever was thrown. */
function asFault(name: string, fault: unknown): Error {
  if (Array.isArray(fault)) return new SubscriptionRefused(fault as GraphQLFormattedError[]);
  const { code, reason } = (fault ?? {}) as { code?: unknown; reason?: unknown };
  const why = typeof code === 'number' ? `closed with ${code} ${String(reason ?? '')}`.trim() : (messageOf(fault) ?? 'lost');
  return new SubgraphLost(`${name}: ${why}`);
}

function messageOf(fault: unknown): string | undefined {
  const { message } = (fault ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}
