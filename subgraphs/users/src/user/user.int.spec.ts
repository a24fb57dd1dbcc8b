import { randomUUID } from 'node:crypto';
import { ROLES, type Role, type Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { roleUrl } from '@pulsegraph/kit/postgres';
import { askSubgraph, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { entities } from '../entities.js';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const database = testDatabase('users');
let users: UsersSubgraph;
let demoId: string;
let otherId: string;
const userIds = new Map<string, string>();

beforeAll(async () => {
  users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
  });
  demoId = (await users.ensureDemoOrganization({ password: 'irrelevant' })).organizationId;
  const admin = { email: 'admin@other.test', password: 'long enough to be one', organizationKey: 'other', organizationName: 'Other' };
  otherId = (await users.ensureFirstAdmin(admin)).organizationId;
  for (const { id, email } of await database.rows<{ id: string; email: string }>('select id, email from app_user')) userIds.set(email, id);
});
afterAll(() => users?.stop());

function viewer(role: Role, over: Partial<Viewer> = {}): Viewer {
  const id = userIds.get(`${role.toLowerCase()}@demo.test`)!;
  return {
    organizationId: demoId,
    organizationKey: 'demo',
    role,
    subject: { kind: 'USER', id, name: role, sessionId: randomUUID() },
    ...over,
  };
}

interface Users {
  users: { nodes: { email: string }[]; totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}
const USERS = `query ($first: Int, $after: String, $search: String, $role: Role) {
  users(first: $first, after: $after, search: $search, role: $role) { nodes { email } totalCount pageInfo { hasNextPage endCursor } } }`;
const list = (variables: Record<string, unknown> = {}) => askSubgraph<Users>(users, USERS, { viewer: viewer('ADMIN'), variables });
const emails = (answer: Awaited<ReturnType<typeof list>>) => answer.data?.users.nodes.map(({ email }) => email);

describe('users', () => {
  it('lists the own organization by name, page after page, each person once', async () => {
    const seen: (string | undefined)[] = [];
    let after: string | null = null;
    do {
      const answer: Awaited<ReturnType<typeof list>> = await list({ first: 2, after });
      expect(answer.data?.users.totalCount).toBe(5);
      seen.push(...emails(answer)!);
      after = answer.data!.users.pageInfo.hasNextPage ? answer.data!.users.pageInfo.endCursor : null;
    } while (after);
    const names = ['admin', 'clinician', 'engineer', 'operator', 'viewer'];
    expect(seen).toEqual(names.map((name) => `${name}@demo.test`));
  });

  it('finds by a part of name or address, takes wildcards literally, and filters by role', async () => {
    expect(emails(await list({ search: 'OLGA' }))).toEqual(['operator@demo.test']);
    expect(emails(await list({ search: 'engineer@' }))).toEqual(['engineer@demo.test']);
    for (const search of ['%', '_', '\\', "' or 1=1 --", 'other.test']) expect(emails(await list({ search }))).toEqual([]);
    expect(emails(await list({ role: 'CLINICIAN' }))).toEqual(['clinician@demo.test']);
  });

  it('names the argument that is wrong', async () => {
    expect((await list({ first: 0 })).errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'first' });
    const foreign = Buffer.from(JSON.stringify(['a', 'b', 'c'])).toString('base64url');
    for (const after of ['?', foreign]) {
      expect((await list({ after })).errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'after' });
    }
  });
});

describe('permissions', () => {
  const expected: Record<Role, string | undefined> = {
    ADMIN: undefined,
    ENGINEER: 'FORBIDDEN',
    OPERATOR: 'FORBIDDEN',
    CLINICIAN: 'FORBIDDEN',
    VIEWER: 'FORBIDDEN',
  };
  it.each(ROLES)('%s: users and user as the table says', async (role) => {
    const id = userIds.get('viewer@demo.test');
    expect((await askSubgraph(users, '{ users { totalCount } }', { viewer: viewer(role) })).code).toBe(expected[role]);
    const user = 'query ($id: ID!) { user(id: $id) { email active } }';
    expect((await askSubgraph(users, user, { viewer: viewer(role), variables: { id } })).code).toBe(expected[role]);
  });

  it('asks strangers to sign in, and tells them that they are nobody', async () => {
    expect((await askSubgraph(users, '{ users { totalCount } }')).code).toBe('UNAUTHENTICATED');
    expect((await askSubgraph(users, '{ viewer { role } }')).data).toEqual({ viewer: null });
  });

  it('refuses a viewer that the gateway has not signed', async () => {
    await expect(askSubgraph(users, '{ viewer { role } }', { viewerHeader: 'e30.AAAA' })).rejects.toThrow(/not signed/);
  });

  it('says the same of a user of another organization, of one that does not exist, and of what is no id', async () => {
    const ids = [userIds.get('admin@other.test'), randomUUID(), 'no-id', ''];
    const answers = [];
    for (const id of ids) {
      answers.push(await askSubgraph(users, 'query ($id: ID!) { user(id: $id) { id } }', { viewer: viewer('ADMIN'), variables: { id } }));
    }
    expect(answers.map(({ errors }) => [errors[0]?.extensions?.code, errors[0]?.message])).toEqual(
      Array(4).fill(['NOT_FOUND', 'No such user.']),
    );
  });
});

describe('references from other subgraphs', () => {
  const ENTITIES = `query ($of: [_Any!]!, $private: Boolean = false) { _entities(representations: $of) {
    ... on User { id displayName role email @include(if: $private) } ... on Organization { key } } }`;
  const of = (...addresses: string[]) => addresses.map((email) => ({ __typename: 'User', id: userIds.get(email) ?? email }));

  it('resolve within the organization, also for the class viewer of a shared subscription', async () => {
    const representations = [
      ...of('operator@demo.test', 'admin@other.test', randomUUID(), 'no-id'),
      { __typename: 'Organization', id: demoId },
      { __typename: 'Organization', id: otherId },
    ];
    const { data } = await askSubgraph<{ _entities: unknown[] }>(users, ENTITIES, {
      viewer: viewer('VIEWER', { subject: null }),
      variables: { of: representations },
    });
    const operator = { id: userIds.get('operator@demo.test'), displayName: 'Olga Operator', role: 'OPERATOR' };
    expect(data?._entities).toEqual([operator, null, null, null, { key: 'demo' }, null]);
  });

  it('are nothing to a stranger', async () => {
    const { data } = await askSubgraph(users, ENTITIES, { variables: { of: of('operator@demo.test') } });
    expect(data).toEqual({ _entities: [null] });
  });

  it('show an address to its owner and to administrators only', async () => {
    const variables = { of: of('operator@demo.test'), private: true };
    const codes = [];
    for (const role of ROLES) codes.push((await askSubgraph(users, ENTITIES, { viewer: viewer(role), variables })).code);
    expect(codes).toEqual([undefined, 'FORBIDDEN', undefined, 'FORBIDDEN', 'FORBIDDEN']);
  });
});

describe('preferences', () => {
  const UPDATE = `mutation ($input: PreferencesInput!) { updatePreferences(input: $input) { preferences { theme locale timeZone alertSound } } }`;

  it('keep what is chosen and leave the rest as it was', async () => {
    await askSubgraph(users, UPDATE, { viewer: viewer('VIEWER'), variables: { input: { theme: 'DARK', timeZone: 'Europe/Berlin' } } });
    const { data } = await askSubgraph(users, UPDATE, {
      viewer: viewer('VIEWER'),
      variables: { input: { locale: 'de-AT', alertSound: false } },
    });
    const preferences = { theme: 'DARK', locale: 'de-AT', timeZone: 'Europe/Berlin', alertSound: false };
    expect(data).toEqual({ updatePreferences: { preferences } });
    const mine = await askSubgraph(users, '{ viewer { preferences { theme } } }', { viewer: viewer('VIEWER') });
    const others = await askSubgraph(users, '{ viewer { preferences { theme } } }', { viewer: viewer('OPERATOR') });
    expect([mine.data, others.data]).toEqual([
      { viewer: { preferences: { theme: 'DARK' } } },
      { viewer: { preferences: { theme: 'SYSTEM' } } },
    ]);
  });

  it('refuse what no browser could show', async () => {
    for (const input of [{ locale: 'not a locale' }, { timeZone: 'Mars/Olympus' }]) {
      const { errors } = await askSubgraph(users, UPDATE, { viewer: viewer('VIEWER'), variables: { input } });
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: `input.${Object.keys(input)[0]}` });
    }
  });
});

describe('the database', () => {
  it('shows the api role one organization, nothing without one, and no secret at all', async () => {
    const client = new Client({ connectionString: roleUrl(database.url, 'users', 'api') });
    await client.connect();
    const count = async (sql: string) => Number((await client.query<{ count: string }>(sql)).rows[0]!.count);
    try {
      expect(await count('select count(*) from app_user')).toBe(0);
      await client.query(`select set_config('app.organization_id', $1, false)`, [otherId]);
      expect(await count('select count(*) from app_user')).toBe(1);
      expect(await count('select count(*) from organization')).toBe(1);
      expect(await count(`select count(*) from app_user where organization_id = '${demoId}'`)).toBe(0);
      const stranger = `insert into preferences values ('${userIds.get('viewer@demo.test')}', '${demoId}', 'DARK', 'en', 'UTC', true)`;
      await expect(client.query(stranger)).rejects.toThrow(/row-level security/);
      for (const table of ['user_password', 'refresh_token', 'session', 'signing_key', 'sign_in_attempt', 'revocation']) {
        await expect(client.query(`select * from ${table}`)).rejects.toThrow(/permission denied/);
      }
    } finally {
      await client.end();
    }
  });

  it('has the columns, types and nullability that the entities say', async () => {
    const entitiesAsTables = new DataSource({ type: 'postgres', url: database.url, schema: 'users', entities: [...entities] });
    await entitiesAsTables.initialize();
    try {
      const { upQueries } = await entitiesAsTables.driver.createSchemaBuilder().log();
      // Indexes and checks are the migrations' own; entities speak of columns.
      const columns = upQueries.map(({ query }) => query).filter((query) => /\bCOLUMN\b|CREATE TABLE/.test(query));
      expect(columns).toEqual([]);
    } finally {
      await entitiesAsTables.destroy();
    }
  });

  it('forces row-level security on every table that belongs to an organization', async () => {
    const open = await database.rows(`
      select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
      where c.relkind = 'r' and c.relnamespace = 'users'::regnamespace and not (c.relrowsecurity and c.relforcerowsecurity)`);
    expect(open).toEqual([]);
  });
});
