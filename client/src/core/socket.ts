import { effect } from '@angular/core';
import { createClient, type Client } from 'graphql-ws';
import { CLIENT } from './client-name';
import type { Connection } from './connection';
import type { Session } from './session';

const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Close codes of graphql-transport-ws that mean: not with this token. */
const TOKEN_REFUSED: readonly unknown[] = [4401, 4403];

/**
 * Backoff before attempt `retries`: doubling from half a second to fifteen, each between half and the whole of it, so that
 * a gateway's restart does not bring everybody back in the same instant.
 */
export function retryWaitMs(retries: number, random: () => number = Math.random): number {
  const fullMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, retries));
  return fullMs * (0.5 + random() / 2);
}

/** Waits, but no longer than until the browser says it is online again. */
export function waitForRetry(retries: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, retryWaitMs(retries));
    window.addEventListener('online', done);
  });
}

/** The one WebSocket of this tab (graphql-transport-ws). It never gives up while somebody is subscribed. */
export function createSocket(session: Session, connection: Connection): Client {
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  let open: WebSocket | null = null;
  const url = new URL('graphql', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');

  const client = createClient({
    url: url.href,
    connectionParams: async () => {
      const token = await session.accessToken();
      return { clientName: CLIENT.name, clientVersion: CLIENT.version, ...(token ? { authorization: `Bearer ${token}` } : {}) };
    },
    // Keeps the socket over a change of page, where one subscription ends just before the next begins.
    lazyCloseTimeout: 3_000,
    connectionAckWaitTimeout: 10_000,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: waitForRetry,
    keepAlive: PING_EVERY_MS,
    on: {
      connecting: (isRetry) => connection.connecting(isRetry),
      connected: (socket) => {
        open = socket as WebSocket;
        connection.opened();
      },
      closed: (event) => {
        clearTimeout(pongTimer);
        open = null;
        const { code } = event as Partial<CloseEvent>;
        connection.closed(code === 1000 || session.state() !== 'signed-in');
        // The next attempt must not bring the same token.
        if (TOKEN_REFUSED.includes(code) && session.state() === 'signed-in') void session.refresh();
      },
      ping: (received) => {
        // A network that vanished leaves the socket open for minutes; a late pong is the only sign.
        if (!received) pongTimer = setTimeout(() => client.terminate(), PONG_WITHIN_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });

  window.addEventListener('offline', () => client.terminate());
  effect(() => {
    // The gateway takes a fresh token in a ping: the session goes on, and no subscription notices.
    session.renewals();
    const socket = open;
    if (!socket) return;
    void session.accessToken().then((token) => {
      if (token && socket === open) socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${token}` } }));
    });
  });
  effect(() => {
    // Whoever signs in next must not inherit the socket of whoever signed out.
    if (session.state() === 'signed-out') client.terminate();
  });
  return client;
}
