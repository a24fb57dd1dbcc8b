import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let g: TestGateway;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  mkdirSync(join(folder, 'media'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><body><pg-root></pg-root><script src="main-ABCDEF12.js"></script></body>');
  writeFileSync(join(folder, 'main-ABCDEF12.js'), `console.log("${'x'.repeat(2_000)}")`);
  for (const name of ['theme.js', 'my-pictures.js', 'chunk-BaHiIrn2.js', 'chunk-_CraN5N6.js', 'chunk-SWJokEwN.js'])
    writeFileSync(join(folder, name), 'void 0');
  g = await startTestGateway(false, { clientDir: folder, publicUrl: 'https://pulse.example' });
  g.gateway.mount('/ingest', (_request, response) => void response.json({ mounted: true }));
});
afterAll(async () => {
  await g.stop();
  rmSync(folder, { recursive: true });
});

const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  fetch(`${g.url}/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const cookieOf = (response: Response) => response.headers.getSetCookie()[0]!;
const signIn = () => post('sign-in', { email: 'operator@demo.test', password: 'right' });

it('signs in: access token in the body, refresh token in a cookie that scripts cannot read', async () => {
  const response = await signIn();
  expect(response.status).toBe(200);
  const body = (await response.json()) as Record<string, unknown>;
  expect(Object.keys(body).sort()).toEqual(['accessToken', 'accessTokenExpiresAt', 'viewer']);
  expect(body.viewer).toMatchObject({ role: 'OPERATOR', user: { displayName: 'Olga' }, organization: { key: 'demo' } });
  expect(cookieOf(response)).toMatch(/^pulsegraph_refresh=refresh-\d+; Max-Age=\d+; Path=\/auth; .*HttpOnly; Secure; SameSite=Strict$/);
  expect((await g.query('{ whoAmI }', { token: body.accessToken as string })).body.data).toEqual({ whoAmI: 'OPERATOR Olga' });
});

it('refuses a wrong password and input that is none', async () => {
  const wrong = await post('sign-in', { email: 'operator@demo.test', password: 'wrong' });
  expect(wrong.status).toBe(401);
  expect(await wrong.json()).toMatchObject({
    errors: [{ message: 'E-mail or password is wrong.', extensions: { code: 'INVALID_CREDENTIALS' } }],
  });
  const bad = await post('sign-in', { email: 'operator@demo.test' });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', path: 'input.password' } }] });
  expect(
    (await fetch(`${g.url}/auth/sign-in`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })).status,
  ).toBe(400);
});

it('refreshes by the cookie once; two tabs at the same time share the answer', async () => {
  const cookie = cookieOf(await signIn()).split(';')[0]!;
  // The users subgraph answers only when both requests have been read.
  const issue = g.world.issueSession!;
  let read = 0;
  const bothRead = new Promise<void>((resolve) =>
    g.gateway.httpServer.on('request', (request) => request.on('end', () => (read += 1) === 2 && setTimeout(resolve, 20))),
  );
  g.world.issueSession = () => bothRead.then(issue);
  const [a, b] = await Promise.all([post('refresh', {}, { cookie }), post('refresh', {}, { cookie })]);
  g.world.issueSession = issue;
  expect([a.status, b.status]).toEqual([200, 200]);
  expect(cookieOf(a)).toBe(cookieOf(b));
  const again = await post('refresh', {}, { cookie });
  expect(again.status).toBe(401);
  expect(await again.json()).toMatchObject({ errors: [{ extensions: { code: 'SESSION_EXPIRED' } }] });
  expect(cookieOf(again)).toMatch(/^pulsegraph_refresh=; Path=\/auth; Expires=Thu, 01 Jan 1970/);
  expect((await post('refresh')).status).toBe(401);
});

it('signs out by the access token or by the cookie alone', async () => {
  const signedIn = await signIn();
  const cookie = cookieOf(signedIn).split(';')[0]!;
  g.world.signedOut = [];
  const { accessToken } = (await signedIn.json()) as { accessToken: string };
  const out = await post('sign-out', { everywhere: true }, { authorization: `Bearer ${accessToken}` });
  expect(out.status).toBe(200);
  expect(cookieOf(out)).toMatch(/^pulsegraph_refresh=;/);
  await post('sign-out', {}, { cookie });
  expect(g.world.signedOut).toMatchObject([
    { everywhere: true, viewer: { subject: { name: 'Olga' } } },
    { everywhere: false, viewer: { subject: { name: 'Olga' } } },
  ]);
  expect((await post('sign-out', {}, { cookie })).status).toBe(200);
});

it('refuses pages of other origins, forms and GET', async () => {
  expect((await post('refresh', {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await post('refresh', {}, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await post('refresh', {}, { origin: 'https://pulse.example' })).status).toBe(401);
  expect((await post('sign-in', {}, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
  expect((await fetch(`${g.url}/auth/refresh`)).status).toBe(405);
});

describe('the dashboard', () => {
  it('comes with a policy that allows no inline code, and a nonce for its styles', async () => {
    const page = await fetch(`${g.url}/devices/d1`);
    const text = await page.text();
    const policy = page.headers.get('content-security-policy')!;
    const nonce = /<pg-root ngCspNonce="([^"]+)">/.exec(text)![1]!;
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(policy).not.toMatch(/unsafe/);
    expect(policy).toContain('wss://pulse.example');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('strict-transport-security')).toMatch(/max-age/);
    expect(await (await fetch(`${g.url}/`)).text()).not.toContain(nonce);
  });

  it('caches hashed files for ever, compressed, and the others by their ETag', async () => {
    const hashed = await fetch(`${g.url}/main-ABCDEF12.js`, { headers: { 'accept-encoding': 'br' } });
    expect(hashed.headers.get('cache-control')).toContain('immutable');
    expect(hashed.headers.get('content-encoding')).toBe('br');
    expect(await hashed.text()).toContain('xxxx');
    const plain = await fetch(`${g.url}/theme.js`);
    expect(plain.headers.get('cache-control')).toBe('no-cache');
    const again = await fetch(`${g.url}/theme.js`, { headers: { 'if-none-match': plain.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it.each([
    ['chunk-BaHiIrn2.js', true],
    ['chunk-_CraN5N6.js', true],
    ['chunk-SWJokEwN.js', true],
    ['my-pictures.js', false],
  ])('knows by its name whether %s can ever change: cached for ever %p', async (name, immutable) => {
    const { headers } = await fetch(`${g.url}/${name}`);
    expect(headers.get('cache-control')!.includes('immutable')).toBe(immutable);
  });

  it('answers 404 for missing files and for what climbs out of the folder', async () => {
    expect((await fetch(`${g.url}/missing.js`)).status).toBe(404);
    expect((await fetch(`${g.url}/..%2f..%2fetc%2fpasswd.txt`)).status).toBe(404);
    expect(await (await fetch(`${g.url}/ingest/v1`)).json()).toEqual({ mounted: true });
  });

  it('has health and metrics', async () => {
    expect(await (await fetch(`${g.url}/health/live`)).json()).toEqual({ status: 'live' });
    expect((await fetch(`${g.url}/health/ready`)).status).toBe(200);
    await g.query('query Named { counted }', { headers: { 'x-client-name': 'spec' } });
    expect(await (await fetch(`${g.url}/metrics`)).text()).toMatch(
      /pulsegraph_gateway_operation_seconds_count\{kind="query",operation="Named",client="spec",outcome="ok"\} 1/,
    );
  });
});
