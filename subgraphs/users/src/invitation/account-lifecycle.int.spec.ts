import { randomUUID } from 'node:crypto';
import { ROLES, type Role, type Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import type { Mail } from '@pulsegraph/kit/mail';
import { askSubgraph, eventually, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { decodeJwt } from 'jose';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const PASSWORD = 'four words nobody leaked';
const NEXT = 'another four unrelated words';

const database = testDatabase('users');
const mails: Mail[] = [];
let mailFails = false;
let clockMs = Date.now();
let users: UsersSubgraph;
let admin: Viewer;

const options = () => ({
  databaseUrl: database.url,
  bus: createInProcessBus(),
  log: silentLog,
  internalToken: TEST_INTERNAL_TOKEN,
  viewerKeys: [TEST_VIEWER_KEY],
  publicUrl: 'https://pulse.example/',
  now: () => new Date(clockMs),
});

beforeAll(async () => {
  const mailer = {
    send: async (mail: Mail) => {
      if (mailFails) throw new Error('451 not now');
      mails.push(mail);
    },
    close: () => undefined,
  };
  users = await createUsersSubgraph({ ...options(), mailer });
  await users.ensureDemoOrganization({ password: PASSWORD });
  const other = { email: 'owner@other.test', password: PASSWORD, organizationKey: 'other', organizationName: 'Other' };
  await users.ensureFirstAdmin(other);
  admin = await viewerOf('admin@demo.test');
});
afterAll(() => users?.stop());
beforeEach(() => {
  mails.length = 0;
  mailFails = false;
});

interface Answer {
  session?: { accessToken: string; refreshToken: string; viewer: { role: Role; user: { email: string; displayName: string } } };
  code?: string;
  extensions?: Record<string, unknown>;
}
const SESSION = '{ accessToken refreshToken viewer { role user { email displayName } } }';

async function begin(field: string, args: string, variables: Record<string, unknown>): Promise<Answer> {
  const query = `mutation (${args}) { s: ${field} ${SESSION} }`;
  const { data, code, errors } = await askSubgraph<{ s: Answer['session'] }>(users, query, {
    variables,
    userAgent: 'Firefox',
    clientAddress: '203.0.113.7',
  });
  return { session: data?.s, code, extensions: errors[0]?.extensions };
}
const signIn = (email: string, password = PASSWORD) =>
  begin('signIn(email: $email, password: $password)', '$email: String!, $password: String!', { email, password });
const renew = (token: string) => begin('refreshSession(refreshToken: $token)', '$token: String!', { token });
const accept = (token: string, displayName = 'Nina New', password = NEXT) =>
  begin(
    'acceptInvitation(token: $token, displayName: $displayName, password: $password)',
    '$token: String!, $displayName: String!, $password: String!',
    { token, displayName, password },
  );
const mutate = (mutation: string, viewer: Viewer | null, variables: Record<string, unknown> = {}, args = '') =>
  askSubgraph<Record<string, unknown>>(users, `mutation ${args && `(${args})`} { ${mutation} }`, { viewer, variables });
const invite = (email: string, role: Role = 'ENGINEER', viewer: Viewer | null = admin) =>
  mutate('inviteUser(input: $input) { id email role expiresAt }', viewer, { input: { email, role } }, '$input: InviteUserInput!');
const tokenIn = (mail: Mail | undefined) => /#token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? '';

async function viewerOf(email: string, password = PASSWORD): Promise<Viewer> {
  const { session, code } = await signIn(email, password);
  if (!session) throw new Error(`${email}: ${code}`);
  const claims = decodeJwt<{ org: string; orgKey: string; role: Role; sid: string; name: string }>(session.accessToken);
  const subject = { kind: 'USER' as const, id: claims.sub!, name: claims.name, sessionId: claims.sid };
  return { organizationId: claims.org, organizationKey: claims.orgKey, role: claims.role, subject };
}

describe('invitations', () => {
  it('lead by mail to an account with the role chosen, signed in, once', async () => {
    const { data } = await invite('nina@demo.test', 'CLINICIAN');
    expect(data?.inviteUser).toMatchObject({
      email: 'nina@demo.test',
      role: 'CLINICIAN',
      expiresAt: new Date(clockMs + 7 * 86_400_000).toISOString(),
    });
    expect(mails).toEqual([expect.objectContaining({ to: 'nina@demo.test', subject: 'Invitation to Demo on Pulsegraph' })]);
    expect(mails[0]!.text).toContain('Ada Admin invites you');
    expect(mails[0]!.text).toContain('https://pulse.example/accept-invitation#token=');

    const token = tokenIn(mails[0]);
    expect((await accept(token, 'Nina New', 'too short')).extensions).toMatchObject({ path: 'password', reason: 'TOO_SHORT' });
    expect((await accept(token, ' \n ')).extensions).toMatchObject({ path: 'displayName' });
    const { session } = await accept(token);
    expect(session?.viewer).toEqual({ role: 'CLINICIAN', user: { email: 'nina@demo.test', displayName: 'Nina New' } });
    expect((await signIn('nina@demo.test', NEXT)).code).toBeUndefined();
    expect((await accept(token)).code).toBe('LINK_EXPIRED');
  });

  it('are accepted once, also by two at the same moment', async () => {
    await invite('twice@demo.test');
    const codes = (await Promise.all([accept(tokenIn(mails[0])), accept(tokenIn(mails[0]))])).map(({ code }) => code);
    expect(codes.sort()).toEqual(['LINK_EXPIRED', undefined]);
  });

  it('end after seven days, when replaced, and are never guessed', async () => {
    await invite('late@demo.test');
    await invite('Late@demo.test', 'VIEWER');
    expect((await accept(tokenIn(mails[0]))).code).toBe('LINK_EXPIRED');
    clockMs += 7 * 86_400_000;
    for (const token of [tokenIn(mails[1]), '', 'x']) expect((await accept(token)).code).toBe('LINK_EXPIRED');
    expect((await database.rows(`select from app_user where email ilike 'late@demo.test'`)).length).toBe(0);
  });

  it('do not tell an administrator that an address has an account elsewhere; its mailbox learns it', async () => {
    expect((await invite('owner@other.test')).data?.inviteUser).toMatchObject({ email: 'owner@other.test' });
    expect(mails[0]!.text).toContain('has an account in another organization already');
    expect(tokenIn(mails[0])).toBe('');
    expect((await invite('engineer@demo.test')).code).toBe('CONFLICT');
  });

  it('leave nothing behind when the mail was not taken, and say so where there is no mail', async () => {
    mailFails = true;
    expect((await invite('unlucky@demo.test')).code).toBe('SERVICE_UNAVAILABLE');
    expect(await database.rows(`select from invitation where email = 'unlucky@demo.test'`)).toEqual([]);
    const mute = await createUsersSubgraph(options());
    const { errors } = await askSubgraph(mute, 'mutation { inviteUser(input: { email: "a@b.test", role: VIEWER }) { id } }', {
      viewer: admin,
    });
    await mute.stop();
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('MAIL_URL') as string,
      extensions: { code: 'SERVICE_UNAVAILABLE' },
    });
  });

  it('refuse what is no address', async () => {
    for (const email of ['', 'nina', 'a@b.test\r\nBcc: eve@b.test', `${'x'.repeat(300)}@b.test`]) {
      expect((await invite(email)).errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input.email' });
    }
    expect(mails).toEqual([]);
  });
});

describe('a forgotten password', () => {
  const request = (email: string) => mutate('requestPasswordReset(email: $email)', null, { email }, '$email: String!');
  const reset = (token: string, password = NEXT) =>
    mutate('resetPassword(token: $t, password: $p)', null, { t: token, p: password }, '$t: String!, $p: String!');
  const mailed = () => eventually(() => (expect(mails).toHaveLength(1), tokenIn(mails[0])));

  it('is replaced by who reads the mailbox, once, and every session ends', async () => {
    const before = (await signIn('engineer@demo.test')).session!;
    expect((await request('Engineer@demo.test')).data).toEqual({ requestPasswordReset: true });
    const token = await mailed();
    expect((await reset(token, 'ErikEngineer1')).errors[0]?.extensions).toMatchObject({ path: 'password', reason: 'TOO_EASY_TO_GUESS' });
    expect((await reset(token)).data).toEqual({ resetPassword: true });
    expect((await renew(before.refreshToken)).code).toBe('SESSION_EXPIRED');
    expect((await signIn('engineer@demo.test')).code).toBe('INVALID_CREDENTIALS');
    expect((await signIn('engineer@demo.test', NEXT)).code).toBeUndefined();
    expect((await reset(token)).code).toBe('LINK_EXPIRED');
    await users.ensureDemoOrganization({ password: PASSWORD });
  });

  it('opens a locked account again', async () => {
    for (let n = 0; n < 5; n++) await signIn('operator@demo.test', 'wrong');
    expect((await signIn('operator@demo.test')).code).toBe('ACCOUNT_LOCKED');
    await request('operator@demo.test');
    await reset(await mailed(), PASSWORD);
    expect((await signIn('operator@demo.test')).code).toBeUndefined();
  });

  it('is answered alike for everybody, mailed to those who have an account, and at most three times an hour', async () => {
    for (let n = 0; n < 5; n++) {
      expect((await request('nobody@demo.test')).data).toEqual({ requestPasswordReset: true });
      expect((await request('viewer@demo.test')).data).toEqual({ requestPasswordReset: true });
      if (n < 3) await eventually(() => expect(mails).toHaveLength(n + 1));
    }
    await request('clinician@demo.test');
    await eventually(() => expect(mails.map(({ to }) => to)).toContain('clinician@demo.test'));
    expect(mails.map(({ to }) => to)).toEqual([...Array<string>(3).fill('viewer@demo.test'), 'clinician@demo.test']);
    const tokens = mails.slice(0, 2).map(tokenIn);
    clockMs += 3_600_000;
    for (const token of tokens) expect((await reset(token)).code).toBe('LINK_EXPIRED');
  });
});

describe('the list of sessions', () => {
  const list = (viewer: Viewer | null) =>
    askSubgraph<{ sessions: { id: string; userAgent: string; ip: string; current: boolean }[] }>(
      users,
      '{ sessions { id createdAt lastUsedAt userAgent ip current } }',
      { viewer },
    );

  it('shows the open ones with where they came from, and ends one of them', async () => {
    await mutate('signOut(everywhere: true)', await viewerOf('viewer@demo.test'));
    const [first, second] = [await viewerOf('viewer@demo.test'), await viewerOf('viewer@demo.test')];
    const { data } = await list(second);
    expect(data?.sessions.map(({ current }) => current).sort()).toEqual([false, true]);
    expect(data?.sessions[0]).toMatchObject({ userAgent: 'Firefox', ip: '203.0.113.7' });
    const end = (id: string | null, viewer: Viewer) => mutate('endSession(id: $id)', viewer, { id }, '$id: ID!');
    expect((await end(first.subject!.sessionId, second)).data).toEqual({ endSession: true });
    expect((await list(second)).data?.sessions.map(({ id }) => id)).toEqual([second.subject!.sessionId]);
    const strangers = [admin.subject!.sessionId, first.subject!.sessionId, randomUUID(), 'no-id'];
    for (const id of strangers) expect((await end(id, second)).code).toBe('NOT_FOUND');
    expect((await list(null)).code).toBe('UNAUTHENTICATED');
  });
});

describe('administrators', () => {
  const id = async (email: string) => (await database.rows<{ id: string }>('select id from app_user where email = $1', [email]))[0]!.id;
  const update = (userId: string, input: Record<string, unknown>, viewer: Viewer | null = admin) =>
    mutate(
      'updateUser(id: $id, input: $input) { displayName role active }',
      viewer,
      { id: userId, input },
      '$id: ID!, $input: UpdateUserInput!',
    );
  const on = (mutation: string, userId: string, viewer: Viewer | null = admin) =>
    mutate(`${mutation}(id: $id) { active mfaEnabled }`, viewer, { id: userId }, '$id: ID!');

  it('change names and roles; a changed role is announced as a revocation', async () => {
    const viewer = await id('viewer@demo.test');
    const { revision } = await users.revocationSource.fetch(0);
    expect((await update(viewer, { displayName: ' Vera  Viewer ' })).data?.updateUser).toEqual({
      displayName: 'Vera  Viewer',
      role: 'VIEWER',
      active: true,
    });
    expect((await users.revocationSource.fetch(revision)).revocations).toEqual([]);
    expect((await update(viewer, { role: 'OPERATOR' })).data?.updateUser).toMatchObject({ role: 'OPERATOR' });
    const { revocations } = await users.revocationSource.fetch(revision);
    expect(revocations).toEqual([expect.objectContaining({ kind: 'role', userId: viewer, role: 'OPERATOR' })]);
    await update(viewer, { role: 'VIEWER' });
  });

  it('deactivate somebody: sessions end at once, until they are let in again', async () => {
    const clinician = await id('clinician@demo.test');
    const session = (await signIn('clinician@demo.test')).session!;
    expect((await on('deactivateUser', clinician)).data?.deactivateUser).toMatchObject({ active: false });
    expect((await users.revocationSource.fetch(0)).revocations).toContainEqual(
      expect.objectContaining({ kind: 'user', userId: clinician }),
    );
    expect((await renew(session.refreshToken)).code).toBe('SESSION_EXPIRED');
    expect((await signIn('clinician@demo.test')).code).toBe('INVALID_CREDENTIALS');
    expect((await on('reactivateUser', clinician)).data?.reactivateUser).toMatchObject({ active: true });
    expect((await renew(session.refreshToken)).code).toBe('SESSION_EXPIRED');
    expect((await signIn('clinician@demo.test')).code).toBeUndefined();
  });

  it('cannot leave the organization without one, not even two who demote each other', async () => {
    const first = admin.subject!.id;
    expect((await update(first, { role: 'VIEWER' })).code).toBe('CONFLICT');
    expect((await on('deactivateUser', first)).code).toBe('CONFLICT');
    const second = await id('engineer@demo.test');
    await update(second, { role: 'ADMIN' });
    const codes = (await Promise.all([update(first, { role: 'VIEWER' }), update(second, { role: 'VIEWER' })])).map(({ code }) => code);
    expect(codes.sort()).toEqual(['CONFLICT', undefined]);
    await database.rows(`update app_user set role = case id when $1 then 'ADMIN' else 'ENGINEER' end where id in ($1, $2)`, [
      first,
      second,
    ]);
  });

  it('are the only ones who may, and only in their organization', async () => {
    const target = await id('viewer@demo.test');
    const owner = await viewerOf('owner@other.test');
    const attempts = (viewer: Viewer | null) => [
      update(target, { displayName: 'Eve' }, viewer),
      on('deactivateUser', target, viewer),
      on('reactivateUser', target, viewer),
      on('resetUserMfa', target, viewer),
    ];
    const codes = async (viewer: Viewer | null) => (await Promise.all(attempts(viewer))).map(({ code }) => code);
    for (const role of ROLES.filter((name) => name !== 'ADMIN')) {
      expect(await codes({ ...admin, role })).toEqual(Array(4).fill('FORBIDDEN'));
      expect((await invite('x@demo.test', 'ADMIN', { ...admin, role })).code).toBe('FORBIDDEN');
    }
    expect(await codes(null)).toEqual(Array(4).fill('UNAUTHENTICATED'));
    expect(await codes(owner)).toEqual(Array(4).fill('NOT_FOUND'));
    const [row] = await database.rows<{ active: boolean; display_name: string }>(
      'select active, display_name from app_user where id = $1',
      [target],
    );
    expect(row).toMatchObject({ active: true });
    expect(row!.display_name).not.toBe('Eve');
  });
});
