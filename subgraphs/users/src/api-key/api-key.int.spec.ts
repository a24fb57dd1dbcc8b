import { randomUUID } from 'node:crypto';
import { ROLES, type Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { askSubgraph, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const database = testDatabase('users');
let clockMs = Date.now();
let users: UsersSubgraph;
let admin: Viewer;
let stranger: Viewer;

beforeAll(async () => {
  users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    now: () => new Date(clockMs),
  });
  const password = 'four words nobody leaked';
  const demo = await users.ensureDemoOrganization({ password });
  const other = await users.ensureFirstAdmin({ email: 'a@other.test', password, organizationKey: 'other', organizationName: 'Other' });
  const subject = { kind: 'USER' as const, id: randomUUID(), name: 'Ada', sessionId: randomUUID() };
  admin = { ...demo, role: 'ADMIN', subject };
  stranger = { ...other, role: 'ADMIN', subject };
});
afterAll(() => users?.stop());

interface Created {
  createApiKey: { apiKey: { id: string; prefix: string; role: string; revokedAt: string | null }; secret: string };
}
const CREATE = `mutation ($input: ApiKeyInput!) { createApiKey(input: $input) {
  secret apiKey { id name prefix role createdAt expiresAt lastUsedAt revokedAt } } }`;
const create = (input: Record<string, unknown> = {}, viewer: Viewer | null = admin) =>
  askSubgraph<Created>(users, CREATE, { viewer, variables: { input: { name: 'Historian', role: 'VIEWER', ...input } } });
const created = async (input?: Record<string, unknown>) => (await create(input)).data!.createApiKey;
const revoke = (id: string, viewer: Viewer | null = admin) =>
  askSubgraph(users, 'mutation ($id: ID!) { revokeApiKey(id: $id) { id revokedAt } }', { viewer, variables: { id } });
interface Listed {
  apiKeys: { nodes: { id: string; name: string; lastUsedAt: string | null }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}
const list = (variables: Record<string, unknown> = {}, viewer: Viewer | null = admin) =>
  askSubgraph<Listed>(
    users,
    'query ($first: Int, $after: String) { apiKeys(first: $first, after: $after) { nodes { id name lastUsedAt } pageInfo { hasNextPage endCursor } } }',
    { viewer, variables },
  );

it('names a program, its organization and its role, until it is revoked', async () => {
  const { apiKey, secret } = await created({ role: 'ENGINEER' });
  expect(secret.startsWith(apiKey.prefix)).toBe(true);
  const verification = await users.verifyApiKey(secret);
  expect(verification).toEqual({
    viewer: {
      organizationId: admin.organizationId,
      organizationKey: 'demo',
      role: 'ENGINEER',
      subject: { kind: 'API_KEY', id: apiKey.id, name: 'Historian', sessionId: null },
    },
    expiresAtMs: null,
  });
  const { data } = await askSubgraph(users, '{ viewer { role user { id } apiKey { name } preferences { theme } } }', {
    viewer: verification!.viewer,
  });
  expect(data).toEqual({ viewer: { role: 'ENGINEER', user: null, apiKey: { name: 'Historian' }, preferences: { theme: 'SYSTEM' } } });

  expect((await revoke(apiKey.id)).data).toEqual({ revokeApiKey: { id: apiKey.id, revokedAt: new Date(clockMs).toISOString() } });
  expect(await users.verifyApiKey(secret)).toBeNull();
  clockMs += 1_000;
  expect((await revoke(apiKey.id)).data).toEqual({ revokeApiKey: { id: apiKey.id, revokedAt: new Date(clockMs - 1_000).toISOString() } });
  const { revocations } = await users.revocationSource.fetch(0);
  expect(revocations.filter((revocation) => revocation.kind === 'api-key' && revocation.apiKeyId === apiKey.id)).toHaveLength(1);
});

it('ends when it was said to end', async () => {
  const { secret } = await created({ expiresAt: new Date(clockMs + 60_000).toISOString() });
  expect(await users.verifyApiKey(secret)).toMatchObject({ expiresAtMs: clockMs + 60_000 });
  clockMs += 60_000;
  expect(await users.verifyApiKey(secret)).toBeNull();
});

it('is kept as a hash, which the api role cannot read', async () => {
  const { secret } = await created();
  expect(JSON.stringify(await database.rows('select * from api_key'))).not.toContain(secret);
  const [may] = await database.rows<{ hash: boolean; name: boolean }>(
    `select has_column_privilege('users_api', 'users.api_key', 'hash', 'select') as hash, has_column_privilege('users_api', 'users.api_key', 'name', 'select') as name`,
  );
  expect(may).toEqual({ hash: false, name: true });
});

it('is listed newest first, page after page, with its last use to within a minute', async () => {
  await database.rows('delete from api_key');
  const names = ['first', 'second', 'third'];
  const secrets = [];
  for (const name of names) {
    secrets.push((await created({ name })).secret);
    clockMs += 1_000;
  }
  await users.verifyApiKey(secrets[2]!);
  const usedAt = new Date(clockMs).toISOString();
  clockMs += 59_000;
  await users.verifyApiKey(secrets[2]!);
  const page = (await list({ first: 2 })).data!.apiKeys;
  expect(page.nodes.map(({ name, lastUsedAt }) => [name, lastUsedAt])).toEqual([
    ['third', usedAt],
    ['second', null],
  ]);
  const rest = (await list({ first: 2, after: page.pageInfo.endCursor })).data!.apiKeys;
  expect([rest.nodes.map(({ name }) => name), rest.pageInfo.hasNextPage]).toEqual([['first'], false]);
  expect((await list({ after: Buffer.from('["x","y"]').toString('base64url') })).errors[0]?.extensions).toMatchObject({ path: 'after' });
});

it('is for administrators of its organization to make, see and revoke', async () => {
  const { apiKey } = await created();
  for (const role of ROLES.filter((name) => name !== 'ADMIN')) {
    const viewer = { ...admin, role };
    expect([(await create({}, viewer)).code, (await list({}, viewer)).code, (await revoke(apiKey.id, viewer)).code]).toEqual(
      Array(3).fill('FORBIDDEN'),
    );
  }
  expect([(await create({}, null)).code, (await list({}, null)).code, (await revoke(apiKey.id, null)).code]).toEqual(
    Array(3).fill('UNAUTHENTICATED'),
  );
  expect((await list({}, stranger)).data?.apiKeys.nodes).toEqual([]);
  for (const id of [apiKey.id, randomUUID(), 'no-id']) expect((await revoke(id, stranger)).errors[0]?.message).toBe('No such API key.');
});

it('refuses a name that is none and an end that has passed', async () => {
  expect((await create({ name: ' ' })).errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input.name' });
  const { errors } = await create({ expiresAt: new Date(clockMs - 1).toISOString() });
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input.expiresAt' });
});

it('is verified over HTTP for who has the internal token', async () => {
  const { secret } = await created();
  const served = await serveSubgraph(users, { version: '0.0.0', internalToken: TEST_INTERNAL_TOKEN, log: silentLog });
  const url = `http://127.0.0.1:${await served.listen(0)}/internal/api-keys/verify`;
  const ask = (body: unknown, token = TEST_INTERNAL_TOKEN) =>
    fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
  try {
    expect((await ask({ key: secret }, 'wrong')).status).toBe(401);
    expect(await (await ask({ key: secret })).json()).toEqual(await users.verifyApiKey(secret));
    expect([(await ask({ key: `${secret}x` })).status, (await ask({ key: 1 })).status, (await ask({})).status]).toEqual([404, 400, 400]);
  } finally {
    await served.close();
  }
});
