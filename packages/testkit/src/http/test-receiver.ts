import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What the receiver answers: a status, with headers and body where they matter, or nothing at all. */
export type Reply = { status: number; headers?: Record<string, string>; body?: string } | 'hang' | 'reset';

export interface TestReceiver {
  readonly url: string;
  readonly port: number;
  /** In the order of their coming, whatever was answered. */
  readonly received: ReceivedRequest[];
  /** Default: 204. */
  reply: (request: ReceivedRequest) => Reply;
  stop(): Promise<void>;
}

/** An HTTP endpoint that answers as it is told: fails, hangs, throttles. @param port The same again, to come back. */
export async function startReceiver(port = 0): Promise<TestReceiver> {
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const call = { path: request.url ?? '/', headers: request.headers, body: Buffer.concat(chunks).toString() };
      received.push(call);
      const reply = receiver.reply(call);
      if (reply === 'hang') return;
      if (reply === 'reset') return void request.socket.destroy();
      response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    received,
    reply: () => ({ status: 204 }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
