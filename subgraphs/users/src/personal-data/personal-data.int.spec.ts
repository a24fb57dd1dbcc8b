import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { askSubgraph, aViewer, OTHER_ORGANIZATION, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY, testDatabase } from '@pulsegraph/testkit';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const PASSWORD = 'a password for the demo';
const database = testDatabase('users');
let users: UsersSubgraph;
let organizationId: string;
beforeAll(async () => {
  users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
  });
  ({ organizationId } = await users.ensureDemoOrganization({ password: PASSWORD }));
});
afterAll(() => users?.stop());

const idOf = async (email: string) => (await database.rows<{ id: string }>('select id from app_user where email = $1', [email]))[0]!.id;
const as = (role: 'ADMIN' | 'OPERATOR', id: string, name = 'Ada Admin') =>
  aViewer({ organizationId, organizationKey: 'demo', role, subject: { kind: 'USER', id, name, sessionId: null } });
const signIn = (email: string) =>
  askSubgraph(users, `mutation { signIn(email: "${email}", password: "${PASSWORD}") { accessToken } }`, {
    clientAddress: '203.0.113.77',
    userAgent: 'Browser of Olga',
  });
const EXPORT = 'mutation ($id: ID!) { exportPersonalData(userId: $id) }';
const ERASE = 'mutation ($id: ID!) { erasePersonalData(userId: $id) }';

it('hands over everything held about a person, to them and to administrators, and no secret', async () => {
  await signIn('operator@demo.test');
  const [olga, ada] = [await idOf('operator@demo.test'), await idOf('admin@demo.test')];
  for (const viewer of [as('OPERATOR', olga), as('ADMIN', ada)]) {
    const { data } = await askSubgraph<{ exportPersonalData: Record<string, unknown> }>(users, EXPORT, { viewer, variables: { id: olga } });
    expect(data!.exportPersonalData).toMatchObject({
      account: { email: 'operator@demo.test', displayName: 'Olga Operator' },
      sessions: [{ address: '203.0.113.77', userAgent: 'Browser of Olga' }],
    });
    const text = JSON.stringify(data);
    expect(text).toContain('"action":"signIn"');
    expect(text).not.toMatch(/hash|secret|argon2/i);
  }
  expect((await askSubgraph(users, EXPORT, { viewer: as('OPERATOR', olga), variables: { id: ada } })).code).toBe('FORBIDDEN');
  const stranger = aViewer({ organizationId: OTHER_ORGANIZATION.id });
  expect((await askSubgraph(users, EXPORT, { viewer: stranger, variables: { id: olga } })).code).toBe('NOT_FOUND');
});

it('erases a person from every table, and the trail still holds without knowing who it was', async () => {
  const olga = await idOf('operator@demo.test');
  const admin = as('ADMIN', await idOf('admin@demo.test'));
  await signIn('operator@demo.test');
  expect((await askSubgraph(users, ERASE, { viewer: as('OPERATOR', olga), variables: { id: olga } })).code).toBe('FORBIDDEN');
  expect((await askSubgraph(users, ERASE, { viewer: admin, variables: { id: admin.subject!.id } })).code).toBe('CONFLICT');
  expect((await askSubgraph(users, ERASE, { viewer: admin, variables: { id: olga } })).data).toEqual({ erasePersonalData: true });

  const tables = await database.rows<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'users'::regnamespace and relkind = 'r' and relname <> 'migration'`,
  );
  let dump = '';
  for (const { name } of tables) dump += JSON.stringify(await database.rows(`select * from ${name}`));
  expect(['operator@demo.test', 'Olga', '203.0.113.77'].filter((word) => dump.includes(word))).toEqual([]);
  expect((await signIn('operator@demo.test')).code).toBe('INVALID_CREDENTIALS');

  const query = `{ verifyAuditTrail { valid } auditEvents(filter: { actorId: "${olga}" }) { nodes { actorName ip action } } }`;
  const { data } = await askSubgraph<{ verifyAuditTrail: object; auditEvents: { nodes: object[] } }>(users, query, { viewer: admin });
  expect(data!.verifyAuditTrail).toEqual({ valid: true });
  expect(data!.auditEvents.nodes).toContainEqual({ actorName: 'Erased', ip: null, action: 'signIn' });
});

it('does not learn an erased name again from a record that comes late', async () => {
  const [{ actor_id: olga }] = (await database.rows<{ actor_id: string }>(
    `select distinct actor_id from audit_person_key join audit_event on actor_id = person_id where wrapped = 'erased'`,
  )) as [{ actor_id: string }];
  await users.auditSink.deliver([
    {
      id: '0190a000-0000-7000-8000-00000000dead',
      organizationId,
      at: new Date().toISOString(),
      actorKind: 'USER',
      actorId: olga,
      actorName: 'Olga Operator',
      action: 'acknowledgeAlert',
      subjectType: 'Alert',
      subjectId: null,
      detail: {},
      ip: '203.0.113.77',
      requestId: null,
    },
  ]);
  const viewer = as('ADMIN', await idOf('admin@demo.test'));
  const { data } = await askSubgraph(users, '{ auditEvents(filter: { action: "acknowledgeAlert" }) { nodes { actorName } } }', { viewer });
  expect(data).toEqual({ auditEvents: { nodes: [{ actorName: 'Erased' }] } });
});
