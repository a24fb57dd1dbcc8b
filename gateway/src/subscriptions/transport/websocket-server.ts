import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { socketsOpen } from '../../metrics.js';
import { CloseCode, SUBPROTOCOL } from './protocol.js';
import type { WebSocketDeps, WebSocketServerOptions } from './websocket-deps.js';
import { WebSocketConnection } from './websocket-connection.js';

/** graphql-transport-ws over `ws`. Our own, because sharing needs payloads that were serialised before. */
export function attachWebSocketServer(server: Server, options: WebSocketServerOptions) {
  const connections = new Set<WebSocketConnection>();
  const open = socketsOpen.labels({ transport: 'websocket' });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: options.limits.bodyBytes,
    // One that we do not speak is taken too: only on an open socket can a close code say why.
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : [...offered][0]!),
  });
  const deps: WebSocketDeps = {
    ...options,
    onClosed: (connection) => {
      if (!connections.delete(connection as WebSocketConnection)) return;
      options.sessions.delete(connection);
      open.dec();
    },
  };
  let closing = false;

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    if (pathOf(request.url) !== options.path) return refuse(socket, '404 Not Found');
    // Browsers let any page open a socket; only we can refuse it.
    if (!options.origins.admits(request)) return refuse(socket, '403 Forbidden');
    if (closing || options.openConnections() >= options.limits.connections)
      return refuse(socket, '503 Service Unavailable', 'Retry-After: 5\r\n');
    sockets.handleUpgrade(request, socket, head, (ws) => {
      if (ws.protocol !== SUBPROTOCOL) return ws.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable');
      const connection = new WebSocketConnection(ws, socket, options.originOf(request), deps);
      connections.add(connection);
      options.sessions.add(connection);
      open.inc();
    });
  });

  return {
    get size() {
      return connections.size;
    },
    /** Every client is told to come back; resolves when all are gone or after `patienceMs`. */
    async close(patienceMs: number): Promise<void> {
      closing = true;
      const told = connections.size;
      for (const connection of [...connections]) connection.shutDown(told);
      const until = Date.now() + patienceMs;
      while (connections.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const ws of sockets.clients) ws.terminate();
      sockets.close();
    },
  };
}

function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function refuse(socket: Duplex, status: string, headers = ''): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${headers}Content-Length: 0\r\n\r\n`);
}
