import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { askSubgraph, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';
import { PUBLISH_AHEAD_MS } from './signing-keys.js';

const database = testDatabase('users');
const PASSWORD = 'the demo password';
const started: UsersSubgraph[] = [];
let clockMs = Date.now();

async function start(): Promise<UsersSubgraph> {
  const users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    now: () => new Date(clockMs),
  });
  started.push(users);
  return users;
}
afterAll(() => Promise.all(started.map((users) => users.stop())));

async function signIn(users: UsersSubgraph, password = PASSWORD): Promise<string> {
  const query = `mutation { signIn(email: "engineer@demo.test", password: "${password}") { accessToken } }`;
  const { data, code } = await askSubgraph<{ signIn: { accessToken: string } }>(users, query);
  return data?.signIn.accessToken ?? code ?? '';
}
const verify = (token: string, keys: JWTVerifyGetKey) =>
  jwtVerify(token, keys, { issuer: 'pulsegraph', audience: 'pulsegraph', algorithms: ['EdDSA'], currentDate: new Date(clockMs) });

it('signs access tokens that anybody can verify with the published keys, over HTTP', async () => {
  const users = await start();
  const { organizationId } = await users.ensureDemoOrganization({ password: PASSWORD });
  const served = await serveSubgraph(users, { version: '0.0.0', internalToken: TEST_INTERNAL_TOKEN, log: silentLog });
  const port = await served.listen(0);
  try {
    const base = `http://127.0.0.1:${port}`;
    const { payload } = await verify(await signIn(users), createRemoteJWKSet(new URL(`${base}/.well-known/jwks.json`)));
    expect(payload).toMatchObject({ org: organizationId, orgKey: 'demo', role: 'ENGINEER', name: 'Erik Engineer' });
    expect(payload.exp! - payload.iat!).toBe(600);
    expect(payload.sub).toMatch(/^[0-9a-f-]{36}$/);
    expect(payload.sid).toMatch(/^[0-9a-f-]{36}$/);

    const feed = (authorization?: string) =>
      fetch(`${base}/internal/revocations?since=0`, { headers: authorization ? { authorization } : {} });
    expect((await feed()).status).toBe(401);
    expect(await (await feed(`Bearer ${TEST_INTERNAL_TOKEN}`)).json()).toEqual({ revision: 0, revocations: [] });
    expect(await (await fetch(`${base}/health/ready`)).json()).toMatchObject({
      status: 'ready',
      dependencies: { postgres: { status: 'up' } },
    });
  } finally {
    await served.close();
  }
});

it('publishes no private half', async () => {
  const { keys } = await (await start()).jwks();
  expect(keys).toHaveLength(1);
  expect(Object.keys(keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

it('keeps its key across restarts and shares it between processes that start at once', async () => {
  const token = await signIn(await start());
  const [again, another] = await Promise.all([start(), start()]);
  await verify(token, createLocalJWKSet(await again.jwks()));
  await verify(await signIn(again), createLocalJWKSet(await another.jwks()));
});

it('rotates without a moment in which a token cannot be verified', async () => {
  const users = await start();
  const before = await signIn(users);
  const learntBefore = createLocalJWKSet(await users.jwks());
  await users.rotateSigningKey();
  expect((await users.jwks()).keys).toHaveLength(2);
  // The new key is published, and does not sign before verifiers can know it.
  await verify(await signIn(users), learntBefore);

  clockMs += PUBLISH_AHEAD_MS;
  const after = await signIn(users);
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  await verify(after, createLocalJWKSet(await users.jwks()));

  // Once the last token of the old key has ended it is forgotten.
  clockMs += 3_600_000;
  await (await start()).jwks();
  const { keys } = await (await start()).jwks();
  expect(keys.map(({ kid }) => kid)).toEqual([decodeProtectedHeader(after).kid]);
});

describe('bootstrap', () => {
  const admin = { email: 'first@plant.test', password: 'a long first password', organizationKey: 'plant', organizationName: 'Plant' };

  it('makes the demo organization once, and follows a changed password', async () => {
    const users = await start();
    const first = await users.ensureDemoOrganization({ password: PASSWORD });
    expect(await users.ensureDemoOrganization({ password: 'another one' })).toEqual(first);
    expect(await signIn(users)).toBe('INVALID_CREDENTIALS');
    expect(await signIn(users, 'another one')).toMatch(/^ey/);
    const roles = await database.rows(`select role from app_user where email like '%@demo.test' order by role`);
    expect(roles.map(({ role }) => role as string)).toEqual(['ADMIN', 'CLINICIAN', 'ENGINEER', 'OPERATOR', 'VIEWER']);
  });

  it('opens an organization for its first administrator, and is no way around the ones it has', async () => {
    const users = await start();
    const { organizationId } = await users.ensureFirstAdmin(admin);
    await users.ensureFirstAdmin({ ...admin, password: 'a password that is new' });
    await users.ensureFirstAdmin({ ...admin, email: 'second@plant.test' });
    const rows = await database.rows('select email, role from app_user where organization_id = $1', [organizationId]);
    expect(rows).toEqual([{ email: 'first@plant.test', role: 'ADMIN' }]);
    const query = `mutation { signIn(email: "first@plant.test", password: "a long first password") { viewer { role organization { key } } } }`;
    const { data } = await askSubgraph(users, query);
    expect(data).toEqual({ signIn: { viewer: { role: 'ADMIN', organization: { key: 'plant' } } } });
  });

  it('refuses a key that could not stand in a topic', async () => {
    const users = await start();
    expect(() => users.ensureFirstAdmin({ ...admin, organizationKey: 'Not/A+Slug' })).toThrow(/no slug/);
  });
});
