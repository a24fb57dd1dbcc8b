import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpCredentialEdge } from './credential-edge.js';

interface Asked {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  body: string;
}

let bridge: Server;
let asked: Asked[] = [];
let status = 204;
beforeAll(
  () =>
    new Promise<void>((resolve) => {
      bridge = createServer((request, response) => {
        let body = '';
        request.on('data', (part: Buffer) => (body += part.toString()));
        request.on('end', () => {
          asked.push({ method: request.method, url: request.url, authorization: request.headers.authorization, body });
          if (status > 0) response.writeHead(status).end();
        });
      }).listen(0, resolve);
    }),
);
afterAll(() => {
  bridge.closeAllConnections();
  bridge.close();
});
beforeEach(() => {
  asked = [];
  status = 204;
});

const edge = () =>
  createHttpCredentialEdge({
    bridgeUrl: `http://localhost:${(bridge.address() as AddressInfo).port}`,
    internalToken: 'the internal token',
  });
const credential = { username: 'acme/oven-1', token: 't', organizationId: 'o', deviceId: 'd', revision: 7, graceMs: 0 };
const never = () => new AbortController().signal;

it('tells the bridge of a credential, and takes 204 for done', async () => {
  await edge().accept(credential, never());
  await edge().revoke('acme/oven-1', 8, never());
  const authorization = 'Bearer the internal token';
  expect(asked).toEqual([
    { method: 'POST', url: '/internal/credentials', authorization, body: JSON.stringify(credential) },
    { method: 'DELETE', url: '/internal/credentials/acme%2Foven-1?revision=8', authorization, body: '' },
  ]);
});

it('takes any other answer for no', async () => {
  status = 503;
  await expect(edge().accept(credential, never())).rejects.toThrow('The bridge answered 503 to POST /internal/credentials');
});

it('gives up when it is told to', async () => {
  status = 0;
  const abort = new AbortController();
  const accepting = edge().accept(credential, abort.signal);
  abort.abort(new Error('late'));
  await expect(accepting).rejects.toThrow('late');
});
