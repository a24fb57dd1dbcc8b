import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { GraphQLError, buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/**
 * A graphql-ws server with one stream of numbers, each with itself as its cursor. It keeps them all, so `after` goes on
 * behind any of them; what a client subscribes to, and with which token, is written down.
 */
export async function startCountingServer() {
  const schema = buildSchema(`
    type Query { a: Int }
    type Subscription { count(after: String): Count! }
    type Count { cursor: String! n: Int! }
  `);
  const wakers = new Set<() => void>();
  let newest = 0;
  let refuseWith: { code: string; extensions?: object } | null = null;
  const asked: (string | null)[] = [];
  const authorizations: unknown[] = [];
  let closeOnInit: number | null = null;

  async function* count(after: string | null | undefined) {
    let at = after ? Number(after) : newest;
    for (;;) {
      while (at < newest) {
        at += 1;
        yield { count: { cursor: String(at), n: at } };
      }
      await new Promise<void>((resolve) => wakers.add(resolve));
    }
  }
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, path: '/graphql' });
  const tcp = new Set<Socket>();
  http.on('connection', (socket: Socket) => {
    tcp.add(socket);
    socket.on('close', () => tcp.delete(socket));
  });
  useServer(
    {
      schema,
      roots: {
        subscription: {
          count: ({ after }: { after?: string | null }) => {
            asked.push(after ?? null);
            return count(after);
          },
        },
      },
      onConnect: ({ connectionParams, extra }) => {
        authorizations.push(connectionParams?.authorization);
        if (closeOnInit === null) return true;
        extra.socket.close(closeOnInit, 'Forbidden');
        closeOnInit = null;
        return undefined as unknown as boolean;
      },
      onSubscribe: (_context, _id, payload) => {
        if (!refuseWith) return undefined;
        const { code, extensions } = refuseWith;
        refuseWith = null;
        asked.push((payload.variables?.after as string | undefined) ?? null);
        return [new GraphQLError(code, { extensions: { code, ...extensions } })];
      },
    },
    sockets,
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`,
    asked,
    authorizations,
    emit(times = 1) {
      newest += times;
      for (const wake of [...wakers]) wake();
      wakers.clear();
    },
    /** The next subscription is answered with this error. */
    refuse: (code: string, extensions?: object) => void (refuseWith = { code, extensions }),
    refuseConnection: (code: number) => void (closeOnInit = code),
    cut() {
      for (const socket of tcp) socket.destroy();
    },
    close(code: number, reason: string) {
      for (const socket of sockets.clients) socket.close(code, reason);
    },
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
