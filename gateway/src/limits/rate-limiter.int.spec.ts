import { eventually, testRedis } from '@pulsegraph/testkit';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';
import { RateLimiter } from './rate-limiter.js';
import { redisBuckets } from './redis-buckets.js';

const LIMITS = { strangerPerMinute: 3, viewerPerMinute: 1_000, organizationPerMinute: 5_000, signInPerMinute: 2 };
const redis = testRedis();

describe('rate limits', () => {
  let test: TestGateway;
  let nowMs = 1_000_000;
  beforeAll(async () => {
    test = await startTestGateway(false, { rates: new RateLimiter(LIMITS, null, () => nowMs), trustedProxies: 1 });
  });
  afterAll(() => test.stop());
  const ask = (address: string, query = '{ __typename }', token: string | null = null) =>
    test.query(query, { token, headers: { 'x-forwarded-for': address } });

  it('refuse a stranger beyond the limit, say when to come back, and let them in again then', async () => {
    for (let times = 0; times < 3; times += 1) expect((await ask('192.0.2.1')).status).toBe(200);
    const { status, headers, body } = await ask('192.0.2.1');
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('20');
    expect(body.errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 20_000 });
    nowMs += 20_000;
    expect((await ask('192.0.2.1')).status).toBe(200);
  });

  it('count each address for itself, documents that do not parse too, and not the viewer with the stranger', async () => {
    for (let times = 0; times < 3; times += 1) await ask('192.0.2.2', '{');
    expect((await ask('192.0.2.2')).status).toBe(429);
    expect((await ask('192.0.2.3')).status).toBe(200);
    expect((await test.query('{ __typename }', { headers: { 'x-forwarded-for': '192.0.2.2' } })).status).toBe(200);
  });

  it('count what several processes spend together', async () => {
    const connection = redis.connect();
    const shared = redisBuckets(connection, `${redis.prefix}rate:`);
    const [first, second] = [new RateLimiter(LIMITS, shared), new RateLimiter(LIMITS, shared)];
    const caller = { viewer: null, clientAddress: '192.0.2.9' };
    for (let times = 0; times < 3; times += 1) first.admit(caller);
    await eventually(async () => expect(await shared('address 192.0.2.9', 0, 3)).toBe(0));
    expect(() => second.admit(caller)).not.toThrow(); // this round trip tells the second process
    await eventually(() => expect(() => second.admit(caller)).toThrow('Too many requests'));
  });
});

describe('pages of other origins', () => {
  const OTHER = 'https://app.example';
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway(false, { allowedOrigins: [OTHER] });
  });
  afterAll(() => test.stop());
  const origin = (value: string, over: object = {}) => ({ headers: { origin: value }, ...over });

  it('are refused over HTTP, unless listed', async () => {
    expect((await test.query('{ __typename }', origin('https://evil.example'))).status).toBe(403);
    const listed = await test.query('{ __typename }', origin(OTHER));
    expect(listed.headers.get('access-control-allow-origin')).toBe(OTHER);
    const preflight = (from: string) => fetch(`${test.url}/graphql`, { method: 'OPTIONS', headers: { origin: from } });
    expect((await preflight(OTHER)).status).toBe(204);
    expect((await preflight('https://evil.example')).status).toBe(403);
    expect((await fetch(`${test.url}/graphql?query={__typename}`, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  it('cannot post a form: what needs no preflight is no GraphQL request', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const response = await fetch(`${test.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"query":"{__typename}"}',
      });
      expect(response.status).toBe(415);
    }
  });

  it('cannot open a WebSocket', async () => {
    const open = (from: string) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${test.port}/graphql`, 'graphql-transport-ws', { origin: from });
        socket.once('open', () => (socket.close(), resolve(101)));
        socket.once('error', () => undefined);
        socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      });
    expect(await open('https://evil.example')).toBe(403);
    expect(await open(OTHER)).toBe(101);
  });
});
