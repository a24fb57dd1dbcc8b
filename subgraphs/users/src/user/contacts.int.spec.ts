import { randomUUID } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { askSubgraph, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const database = testDatabase('users');
let users: UsersSubgraph;
let admin: Viewer;

beforeAll(async () => {
  users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
  });
  const demo = await users.ensureDemoOrganization({ password: 'four words nobody leaked' });
  admin = { ...demo, role: 'ADMIN', subject: { kind: 'USER', id: randomUUID(), name: 'Ada', sessionId: randomUUID() } };
});
afterAll(() => users?.stop());

it('tells who has the internal token where active people of one organization can be reached, and of nobody else', async () => {
  const { data } = await askSubgraph<{ users: { nodes: { id: string; email: string }[] } }>(users, '{ users { nodes { id email } } }', {
    viewer: admin,
  });
  const [first, second] = data!.users.nodes as [{ id: string; email: string }, { id: string; email: string }];
  await database.rows('update app_user set active = false where id = $1', [second.id]);
  const served = await serveSubgraph(users, { version: '0.0.0', internalToken: TEST_INTERNAL_TOKEN, log: silentLog });
  const url = `http://127.0.0.1:${await served.listen(0)}/internal/contacts`;
  const ask = (body: unknown, token = TEST_INTERNAL_TOKEN) =>
    fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
  try {
    const userIds = [first.id, second.id, randomUUID(), 'no-id', 7];
    const { organizationId } = admin;
    expect((await ask({ organizationId, userIds }, 'wrong')).status).toBe(401);
    expect(await (await ask({ organizationId, userIds })).json()).toEqual([{ id: first.id, email: first.email, name: expect.any(String) }]);
    expect(await (await ask({ organizationId: randomUUID(), userIds })).json()).toEqual([]);
    const wrong = [{}, { organizationId, userIds: first.id }, { organizationId: 'none', userIds }];
    expect(await Promise.all(wrong.map(async (body) => (await ask(body)).status))).toEqual([400, 400, 400]);
  } finally {
    await served.close();
  }
});
