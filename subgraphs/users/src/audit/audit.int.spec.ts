import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import type { Mail } from '@pulsegraph/kit/mail';
import { roleUrl } from '@pulsegraph/kit/postgres';
import type { AuditRecord } from '@pulsegraph/contracts';
import {
  askSubgraph,
  aViewer,
  eventually,
  OTHER_ORGANIZATION,
  TEST_INTERNAL_TOKEN,
  TEST_ORGANIZATION,
  TEST_VIEWER_KEY,
  testDatabase,
  type SubgraphAnswer,
} from '@pulsegraph/testkit';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const PASSWORD = 'a password for the demo';
const database = testDatabase('users');
const mails: Mail[] = [];
let users: UsersSubgraph;
let demoId: string;
beforeAll(async () => {
  users = await createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    mailer: { send: (mail) => Promise.resolve(void mails.push(mail)), close: () => undefined },
    dataKeys: ['the data key of this test, long enough for one'],
  });
  demoId = (await users.ensureDemoOrganization({ password: PASSWORD })).organizationId;
});
afterAll(() => users?.stop());

interface Event {
  id: string;
  action: string;
  actorName: string;
  actorKind: string;
  actor: { displayName: string } | null;
  subjectType: string;
  subjectId: string | null;
  detail: Record<string, unknown>;
  ip: string | null;
  requestId: string;
}
interface Page {
  auditEvents: { totalCount: number; nodes: Event[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}
const EVENTS = `query ($filter: AuditFilter, $first: Int, $after: String) { auditEvents(filter: $filter, first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id at actor { displayName } actorName actorKind action subjectType subjectId detail ip requestId hash } } }`;
const admin = () => aViewer({ organizationId: demoId, organizationKey: 'demo' });
async function events(filter: object = {}, viewer = admin()): Promise<Event[]> {
  const { data, errors } = await askSubgraph<{ auditEvents: { nodes: Event[] } }>(users, EVENTS, { viewer, variables: { filter } });
  if (!data) throw new Error(JSON.stringify(errors));
  return data.auditEvents.nodes;
}
async function verify(viewer = aViewer(), args = '') {
  const query = `{ verifyAuditTrail${args} { valid checked firstBrokenId } }`;
  return (
    await askSubgraph<{ verifyAuditTrail: { valid: boolean; checked: number; firstBrokenId: string | null } }>(users, query, { viewer })
  ).data!.verifyAuditTrail;
}
const signIn = (email: string, password: string) =>
  askSubgraph(users, 'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { accessToken } }', {
    variables: { email, password },
    clientAddress: '203.0.113.9',
  });
function aRecord(over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: randomUUID(),
    organizationId: TEST_ORGANIZATION.id,
    at: new Date().toISOString(),
    actorKind: 'USER',
    actorId: '0190a000-0000-7000-8000-0000000000a1',
    actorName: 'Ada Admin',
    action: 'createAsset',
    subjectType: 'Asset',
    subjectId: randomUUID(),
    detail: { outcome: 'SUCCEEDED' },
    ip: '203.0.113.9',
    requestId: 'r-1',
    ...over,
  };
}

describe('what is recorded', () => {
  it('a sign-in, with who it was, from where and under which request', async () => {
    await signIn('operator@demo.test', PASSWORD);
    const [event] = await events({ action: 'signIn' });
    expect(event).toMatchObject({
      actorName: 'Olga Operator',
      actorKind: 'USER',
      actor: { displayName: 'Olga Operator' },
      subjectType: 'User',
      ip: '203.0.113.9',
      requestId: 'request-in-a-test',
      detail: { outcome: 'SUCCEEDED' },
    });
  });

  it('a failed sign-in stands in the trail of whose account it was, and no password anywhere', async () => {
    await signIn('operator@demo.test', 'a wrong password that nobody may read');
    const [event] = await events({ action: 'signIn' });
    expect(event).toMatchObject({
      actorName: 'Not signed in',
      actorKind: 'SYSTEM',
      detail: { outcome: 'FAILED', code: 'INVALID_CREDENTIALS' },
    });
    const dump = JSON.stringify([await database.rows('select * from audit_event'), await database.rows('select * from audit_outbox')]);
    for (const secret of ['a wrong password', PASSWORD, 'operator@demo.test', 'Olga', '203.0.113.9']) expect(dump).not.toContain(secret);
  });

  it('a refused query, with whom it was refused to', async () => {
    const viewer = aViewer({ organizationId: demoId, organizationKey: 'demo', role: 'VIEWER' });
    expect((await askSubgraph(users, '{ users { totalCount } }', { viewer })).code).toBe('FORBIDDEN');
    await eventually(async () =>
      expect(await events({ action: 'users' })).toMatchObject([
        { actorName: 'Ada Admin', detail: { outcome: 'REFUSED', code: 'FORBIDDEN' } },
      ]),
    );
  });

  it('mutations with the arguments that name nobody', async () => {
    await askSubgraph(users, 'mutation { createApiKey(input: { name: "Ward 7 of Grace", role: VIEWER }) { secret apiKey { id } } }', {
      viewer: admin(),
    });
    const [event] = await events({ subjectType: 'ApiKey' });
    expect(event).toMatchObject({
      action: 'createApiKey',
      detail: { outcome: 'SUCCEEDED', arguments: { input: { name: '•', role: 'VIEWER' } } },
    });
    expect(event!.subjectId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('fails what cannot be recorded, before anything is done', async () => {
    await database.rows('alter table audit_outbox rename to gone');
    try {
      const { code, errors } = await askSubgraph(
        users,
        'mutation { createApiKey(input: { name: "unrecorded", role: VIEWER }) { secret } }',
        {
          viewer: admin(),
        },
      );
      expect([code, errors[0]!.extensions]).toMatchObject(['SERVICE_UNAVAILABLE', { service: 'audit' }]);
      expect((await signIn('operator@demo.test', PASSWORD)).code).toBe('SERVICE_UNAVAILABLE');
    } finally {
      await database.rows('alter table gone rename to audit_outbox');
    }
    expect(await database.rows(`select from api_key where name = 'unrecorded'`)).toEqual([]);
  });
});

describe('the list', () => {
  it('is for administrators, and of their organization alone', async () => {
    for (const role of ['ENGINEER', 'OPERATOR', 'CLINICIAN', 'VIEWER'] as const) {
      for (const query of ['{ auditEvents { totalCount } }', '{ verifyAuditTrail { valid } }', '{ exportAuditTrail { content } }']) {
        expect((await askSubgraph(users, query, { viewer: aViewer({ role }) })).code).toBe('FORBIDDEN');
      }
    }
    const stranger = aViewer({ organizationId: OTHER_ORGANIZATION.id, organizationKey: OTHER_ORGANIZATION.key });
    expect(await events({}, stranger)).toEqual([]);
  });

  it('pages from the newest to the oldest, each event once', async () => {
    const all = await events();
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data }: SubgraphAnswer<Page> = await askSubgraph<Page>(users, EVENTS, { viewer: admin(), variables: { first: 2, after } });
      seen.push(...data!.auditEvents.nodes.map(({ id }) => id));
      after = data!.auditEvents.pageInfo.hasNextPage ? data!.auditEvents.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(all.map(({ id }) => id));
    expect((await askSubgraph(users, EVENTS, { viewer: admin(), variables: { after: 'nonsense' } })).code).toBe('BAD_USER_INPUT');
  });
});

describe('the chain', () => {
  const organizationId = randomUUID();
  const viewer = () => aViewer({ organizationId });
  const rows = () => database.rows<{ id: string }>('select id from audit_event where organization_id = $1 order by seq', [organizationId]);
  /** Breaks something, looks, and puts everything back. */
  async function afterBreaking(sql: string) {
    await database.rows('begin');
    try {
      await database.rows(`create table kept as select * from audit_event`);
      await database.rows(`create table kept_head as select * from audit_head`);
      await database.rows(sql);
      await database.rows('commit');
      return await verify(viewer());
    } finally {
      await database.rows('delete from audit_event');
      await database.rows('insert into audit_event select * from kept');
      await database.rows('delete from audit_head');
      await database.rows('insert into audit_head select * from kept_head');
      await database.rows('drop table kept, kept_head');
    }
  }
  const of = `organization_id = '${organizationId}'`;

  beforeAll(async () => {
    const records = Array.from({ length: 60 }, () => aRecord({ organizationId }));
    await Promise.all([users.auditSink.deliver(records.slice(0, 30)), users.auditSink.deliver(records.slice(20))]);
  });

  it('keeps each record once, however often and by however many it is delivered', async () => {
    expect(await rows()).toHaveLength(60);
    expect(await verify(viewer())).toEqual({ valid: true, checked: 60, firstBrokenId: null });
  });

  it.each(['id', 'at', 'actor_kind', 'actor_id', 'action', 'subject_type', 'subject_id', 'detail', 'request_id', 'sealed', 'hash'])(
    'finds one altered byte of %s',
    async (column) => {
      const [target] = (await rows()).slice(30);
      const value =
        column === 'at'
          ? `at + interval '1 microsecond'`
          : column === 'id'
            ? `'${randomUUID()}'`
            : `overlay(${column} placing (case when right(${column}, 1) = '0' then '1' else '0' end) from length(${column}))`;
      const found = await afterBreaking(`update audit_event set ${column} = ${value} where ${of} and id = '${target!.id}'`);
      expect(found).toMatchObject({ valid: false, checked: 30 });
      if (column !== 'id') expect(found.firstBrokenId).toBe(target!.id);
    },
  );

  it('finds a deleted event by the one that follows it, and an inserted one itself', async () => {
    const ids = await rows();
    expect(await afterBreaking(`delete from audit_event where ${of} and seq = 10`)).toMatchObject({
      valid: false,
      firstBrokenId: ids[10]!.id,
    });
    const inserted = randomUUID();
    const insert = `update audit_event set seq = seq + 1000 where ${of} and seq > 10; update audit_event set seq = seq - 999 where ${of} and seq > 1000;
      insert into audit_event select organization_id, 11, '${inserted}', at, actor_kind, actor_id, action, subject_type, subject_id, detail, request_id, sealed, hash
      from audit_event where ${of} and seq = 10`;
    expect(await afterBreaking(insert)).toMatchObject({ valid: false, firstBrokenId: inserted });
  });

  it('finds a cut end, also where the end was written anew to hide it, and where more was added since', async () => {
    const ids = await rows();
    expect(await afterBreaking(`delete from audit_event where ${of} and seq > 50`)).toMatchObject({
      valid: false,
      firstBrokenId: ids[49]!.id,
    });
    const hidden = `delete from audit_event where ${of} and seq > 50;
      update audit_head set seq = 50, hash = (select hash from audit_event where ${of} and seq = 50) where ${of}`;
    expect(await afterBreaking(hidden)).toMatchObject({ valid: false });
  });

  it('verifies a part from the last event before it', async () => {
    const [row] = await database.rows<{ at: Date }>(`select at from audit_event where ${of} and seq = 60`);
    expect(await verify(viewer(), `(from: "${row!.at.toISOString()}")`)).toMatchObject({ valid: true });
  });

  it('can be changed by no role that serves anybody', async () => {
    for (const kind of ['api', 'service'] as const) {
      const client = new Client({ connectionString: roleUrl(database.url, 'users', kind) });
      await client.connect();
      try {
        for (const sql of ['update users.audit_event set action = action', 'delete from users.audit_event', 'truncate users.audit_event']) {
          await expect(client.query(sql)).rejects.toThrow(/permission denied/);
        }
        if (kind === 'service') await client.query('select users.forget_audit_events($1, 60)', [organizationId]);
        else
          await expect(client.query('insert into users.audit_event select * from users.audit_event')).rejects.toThrow(/permission denied/);
        if (kind === 'api') await expect(client.query('select from users.audit_outbox')).rejects.toThrow(/permission denied/);
      } finally {
        await client.end();
      }
    }
    // What is younger than seven years stays, whoever asks.
    expect(await rows()).toHaveLength(60);
  });

  it('forgets what is older than seven years and holds from there on', async () => {
    const old = randomUUID();
    const at = (years: number) => new Date(Date.now() - years * 366 * 86_400_000).toISOString();
    await users.auditSink.deliver([9, 8, 1].map((years) => aRecord({ organizationId: old, at: at(years) })));
    await users.start();
    await eventually(async () => expect((await verify(aViewer({ organizationId: old }))).checked).toBe(1));
    expect(await verify(aViewer({ organizationId: old }))).toMatchObject({ valid: true });
  });
});

describe('an export', () => {
  it('is verified by a script that knows nothing of this platform, and fails for one altered byte', async () => {
    const { data, errors } = await askSubgraph<{
      exportAuditTrail: { content: string; signature: string; publicKey: string; nextAfter: number | null };
    }>(users, '{ exportAuditTrail { content signature publicKey nextAfter } }', { viewer: admin() });
    const folder = await mkdtemp(join(tmpdir(), 'audit-export-'));
    const script = join(__dirname, '../../../../docs/guides/verify-audit-export.mjs');
    const run = async (part: object) => {
      const file = join(folder, `${randomUUID()}.json`);
      await writeFile(file, JSON.stringify(part));
      return new Promise<{ code: number; output: string }>((resolve) =>
        execFile(process.execPath, [script, file], (error, stdout, stderr) => resolve({ code: error ? 1 : 0, output: stdout + stderr })),
      );
    };
    expect(errors).toEqual([]);
    const part = data!.exportAuditTrail;
    expect(await run(part)).toMatchObject({ code: 0, output: expect.stringMatching(/events hold/) as string });
    expect(part.content).toContain('Olga Operator');
    expect(await run({ ...part, content: part.content.replace('signIn', 'signOn') })).toMatchObject({ code: 1 });
  });
});

it('tells administrators by mail of an emergency access, once, and neither patient nor reason', async () => {
  const record = aRecord({ organizationId: demoId, action: 'openEmergencyAccess', actorName: 'Olga Operator' });
  await users.auditSink.deliver([record, aRecord({ organizationId: demoId, action: record.action, detail: { outcome: 'REFUSED' } })]);
  await users.auditSink.deliver([record]);
  await eventually(() => expect(mails).toMatchObject([{ to: 'admin@demo.test', subject: 'Emergency access to a patient' }]));
  expect(mails[0]!.text).toContain('Olga Operator');
  expect(mails[0]!.text).not.toContain(record.subjectId!);
});

it('takes records over HTTP with the internal token, and nothing that is no record', async () => {
  const served = await serveSubgraph(users, { version: '0.0.0', internalToken: TEST_INTERNAL_TOKEN, log: silentLog });
  const port = await served.listen(0);
  try {
    const post = (body: unknown, token = TEST_INTERNAL_TOKEN) =>
      fetch(`http://127.0.0.1:${port}/internal/audit`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const record = aRecord();
    expect((await post({ records: [record] }, 'another token')).status).toBe(401);
    expect((await post({ records: [{ ...record, id: 'x' }] })).status).toBe(400);
    expect([(await post({ records: [record] })).status, (await post({ records: [record] })).status]).toEqual([204, 204]);
    expect(await database.rows('select from audit_event where id = $1', [record.id])).toHaveLength(1);
  } finally {
    await served.close();
  }
});
