import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { askSubgraph, aViewer, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY, testDatabase } from '@pulsegraph/testkit';
import { createUsersSubgraph } from '../users-subgraph.js';

const [OLD, NEW] = ['the older data key of this test, long enough', 'the newer data key of this test, long enough'];
const database = testDatabase('users');

async function withUsers<T>(
  dataKeys: readonly string[],
  work: (users: Awaited<ReturnType<typeof createUsersSubgraph>>) => Promise<T>,
): Promise<T> {
  const users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    dataKeys,
  });
  await users.start();
  try {
    return await work(users);
  } finally {
    await users.stop();
  }
}

it('needs the old data key no more once a process has run with both', async () => {
  const organizationId = await withUsers([OLD], async (users) => {
    const demo = await users.ensureDemoOrganization({ password: 'a password for the demo' });
    const signIn = 'mutation { signIn(email: "admin@demo.test", password: "a password for the demo") { viewer { user { id } } } }';
    const { data } = await askSubgraph<{ signIn: { viewer: { user: { id: string } } } }>(users, signIn);
    const viewer = aViewer({
      organizationId: demo.organizationId,
      subject: { kind: 'USER', id: data!.signIn.viewer.user.id, name: 'Ada Admin', sessionId: null },
    });
    expect((await askSubgraph(users, 'mutation { enrollMfa { otpauthUrl } }', { viewer })).errors).toEqual([]);
    expect((await askSubgraph(users, '{ exportAuditTrail { signature } }', { viewer })).errors).toEqual([]);
    return demo.organizationId;
  });
  await withUsers([NEW, OLD], () => Promise.resolve());
  const keyIds = await database.rows<{ id: string }>(
    `select split_part(wrapped, '.', 1) as id from audit_person_key union select split_part(sealed_private_pem, '.', 1) from audit_signing_key
     union select split_part(sealed_secret, '.', 1) from second_factor union select split_part(mac, '.', 1) from audit_head`,
  );
  expect(keyIds).toHaveLength(1);
  await withUsers([NEW], async (users) => {
    const viewer = aViewer({ organizationId });
    const query =
      '{ verifyAuditTrail { valid } auditEvents(filter: { action: "signIn" }) { nodes { actorName } } exportAuditTrail { nextAfter } }';
    const { data, errors } = await askSubgraph(users, query, { viewer });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ verifyAuditTrail: { valid: true }, auditEvents: { nodes: [{ actorName: 'Ada Admin' }] } });
  });
});
