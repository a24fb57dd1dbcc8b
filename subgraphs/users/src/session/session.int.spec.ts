import { randomUUID } from 'node:crypto';
import { busChannel, type RegistryWakeUp, type Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { roleUrl } from '@pulsegraph/kit/postgres';
import { askSubgraph, eventually, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { decodeJwt } from 'jose';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';
import { RevocationRepository } from '../revocation/revocation.repository.js';
import { pauseMs } from '../sign-in/lockout.js';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';

const PASSWORD = 'a password for the demo';
const DAY_MS = 24 * 3_600_000;

const database = testDatabase('users');
const bus = createInProcessBus();
let clockMs = Date.now();
let users: UsersSubgraph;
/** A second process on the same database. */
let twin: UsersSubgraph;

const start = () =>
  createUsersSubgraph({
    databaseUrl: database.url,
    bus,
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    now: () => new Date(clockMs),
  });

beforeAll(async () => {
  [users, twin] = await Promise.all([start(), start()]);
  await users.ensureDemoOrganization({ password: PASSWORD });
});
afterAll(() => Promise.all([users?.stop(), twin?.stop()]));
beforeEach(() => {
  clockMs = Date.now();
});

interface SessionAnswer {
  accessToken: string;
  accessTokenExpiresAt: string;
  refreshToken: string;
  viewer: { role: string; permissions: string[]; user: { email: string; displayName: string }; organization: { key: string } };
}
const SESSION = `{ accessToken accessTokenExpiresAt refreshToken
  viewer { role permissions user { id email displayName lastSeenAt } organization { id key name timeZone } preferences { theme timeZone } } }`;

async function signIn(email = 'operator@demo.test', password = PASSWORD, process = users) {
  const query = `mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) ${SESSION} }`;
  const { data, code, errors } = await askSubgraph<{ signIn: SessionAnswer }>(process, query, {
    variables: { email, password },
    clientAddress: '203.0.113.7',
    userAgent: 'Firefox',
  });
  return { session: data?.signIn, code, errors };
}
async function refresh(refreshToken: string) {
  const query = `mutation ($token: String!) { refreshSession(refreshToken: $token) ${SESSION} }`;
  const { data, code } = await askSubgraph<{ refreshSession: SessionAnswer }>(users, query, { variables: { token: refreshToken } });
  return { session: data?.refreshSession, code };
}
async function begin(email?: string): Promise<SessionAnswer> {
  const { session, errors } = await signIn(email);
  if (!session) throw new Error(JSON.stringify(errors));
  return session;
}
/** What the gateway makes of an access token. */
function viewerOf({ accessToken }: SessionAnswer): Viewer {
  const claims = decodeJwt<{ org: string; orgKey: string; role: Viewer['role']; sid: string; name: string }>(accessToken);
  return {
    organizationId: claims.org,
    organizationKey: claims.orgKey,
    role: claims.role,
    subject: { kind: 'USER', id: claims.sub!, name: claims.name, sessionId: claims.sid },
  };
}
async function revokedSessions(): Promise<string[]> {
  const { revocations } = await users.revocationSource.fetch(0);
  return revocations.flatMap((revocation) => (revocation.kind === 'session' ? [revocation.sessionId] : []));
}

describe('signing in', () => {
  it('gives a session that names person, organization, role and permissions', async () => {
    const session = await begin('clinician@demo.test');
    expect(session.viewer).toMatchObject({
      role: 'CLINICIAN',
      permissions: ['graph:read', 'patients:read', 'patients:write', 'alerts:handle'],
      user: { email: 'clinician@demo.test', displayName: 'Clara Clinician', lastSeenAt: new Date(clockMs).toISOString() },
      organization: { key: 'demo', name: 'Demo', timeZone: 'UTC' },
      preferences: { theme: 'SYSTEM', timeZone: 'UTC' },
    });
    expect(Date.parse(session.accessTokenExpiresAt)).toBe(Math.floor(clockMs / 1_000) * 1_000 + 600_000);
  });

  it('takes the address in any case', async () => {
    expect((await signIn('Viewer@DEMO.test')).session?.viewer.user.email).toBe('viewer@demo.test');
  });

  it('answers a wrong password, an unknown address and a deactivated account alike', async () => {
    await database.rows(`update app_user set active = false where email = 'viewer@demo.test'`);
    const answers = [await signIn('engineer@demo.test', 'wrong'), await signIn('nobody@demo.test'), await signIn('viewer@demo.test')];
    await database.rows(`update app_user set active = true where email = 'viewer@demo.test'`);
    expect(answers.map(({ errors }) => errors[0]?.message)).toEqual(Array(3).fill('E-mail or password is wrong.'));
    expect(answers.map(({ code }) => code)).toEqual(Array(3).fill('INVALID_CREDENTIALS'));
  });

  it('keeps neither password nor token in the clear', async () => {
    const { refreshToken } = await begin();
    const tables = ['user_password', 'session', 'refresh_token'];
    let dump = '';
    for (const table of tables) dump += JSON.stringify(await database.rows(`select * from ${table}`));
    expect(dump).not.toContain(refreshToken);
    expect(dump).not.toContain(PASSWORD);
    expect(dump).toContain('$argon2id$');
  });
});

describe('guessing passwords', () => {
  it.each(['engineer@demo.test', 'has-no-account@demo.test'])('locks %s after five failures, for longer each time', async (email) => {
    await database.rows('delete from sign_in_attempt');
    for (let n = 0; n < 5; n++) expect((await signIn(email, 'wrong')).code).toBe('INVALID_CREDENTIALS');
    const locked = await signIn(email);
    expect(locked.errors[0]?.extensions).toMatchObject({ code: 'ACCOUNT_LOCKED', retryAfterMs: 30_000 });

    clockMs += 30_000;
    expect((await signIn(email, 'wrong')).code).toBe('INVALID_CREDENTIALS');
    expect((await signIn(email)).errors[0]?.extensions).toMatchObject({ retryAfterMs: 60_000 });
  });

  it('lets the right password in once the pause is over, and starts counting anew', async () => {
    await database.rows('delete from sign_in_attempt');
    for (let n = 0; n < 5; n++) await signIn('engineer@demo.test', 'wrong');
    clockMs += 30_000;
    expect((await signIn('engineer@demo.test')).code).toBeUndefined();
    for (let n = 0; n < 4; n++) await signIn('engineer@demo.test', 'wrong');
    expect((await signIn('engineer@demo.test')).code).toBeUndefined();
  });

  it('does not take many people who sign in to one account at once for a guesser', async () => {
    const codes = (await Promise.all(Array.from({ length: 8 }, () => signIn('admin@demo.test')))).map(({ code }) => code);
    expect(codes).toEqual(Array(8).fill(undefined));
  });

  it('gives parallel guesses no more tries than guesses in a row, over two processes too', async () => {
    await database.rows('delete from sign_in_attempt');
    const guess = (_: unknown, n: number) => signIn('admin@demo.test', 'wrong', n % 2 ? users : twin);
    const codes = (await Promise.all(Array.from({ length: 12 }, guess))).map(({ code }) => code);
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5);
    expect(codes.filter((code) => code === 'ACCOUNT_LOCKED')).toHaveLength(7);
    await database.rows('delete from sign_in_attempt');
  });

  it('never pauses for more than a quarter of an hour', () => {
    expect([4, 5, 6, 9, 10, 1_000].map(pauseMs)).toEqual([0, 30_000, 60_000, 480_000, 900_000, 900_000]);
  });
});

describe('renewing', () => {
  it('gives a new refresh token each time, for the same session', async () => {
    const first = await begin();
    const second = (await refresh(first.refreshToken)).session!;
    const third = (await refresh(second.refreshToken)).session!;
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect(viewerOf(third)).toEqual(viewerOf(first));
  });

  it('gives two tabs that renew at the same moment the same token', async () => {
    const { refreshToken } = await begin();
    const tabs = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(tabs[0].session?.refreshToken).toBeDefined();
    expect(tabs[1].session?.refreshToken).toBe(tabs[0].session?.refreshToken);
    expect((await refresh(tabs[0].session!.refreshToken)).code).toBeUndefined();
  });

  it('ends the session when a token is used again later, for whoever holds the newest one too', async () => {
    const first = await begin();
    const second = (await refresh(first.refreshToken)).session!;
    clockMs += 11_000;
    expect((await refresh(first.refreshToken)).code).toBe('SESSION_EXPIRED');
    expect((await refresh(second.refreshToken)).code).toBe('SESSION_EXPIRED');
    expect(await revokedSessions()).toContain(viewerOf(first).subject!.sessionId);
  });

  it('ends the session at once when a token is used again whose successor was used', async () => {
    const first = await begin();
    const second = (await refresh(first.refreshToken)).session!;
    await refresh(second.refreshToken);
    expect((await refresh(first.refreshToken)).code).toBe('SESSION_EXPIRED');
    expect(await revokedSessions()).toContain(viewerOf(first).subject!.sessionId);
  });

  it('goes on for thirty days after the last use, and no longer', async () => {
    let session = await begin();
    clockMs += 29 * DAY_MS;
    session = (await refresh(session.refreshToken)).session!;
    clockMs += 29 * DAY_MS;
    session = (await refresh(session.refreshToken)).session!;
    clockMs += 31 * DAY_MS;
    expect((await refresh(session.refreshToken)).code).toBe('SESSION_EXPIRED');
  });

  it('takes over a changed role, and refuses a deactivated person', async () => {
    const session = await begin('viewer@demo.test');
    await database.rows(`update app_user set role = 'OPERATOR' where email = 'viewer@demo.test'`);
    const promoted = (await refresh(session.refreshToken)).session!;
    expect(viewerOf(promoted).role).toBe('OPERATOR');
    await database.rows(`update app_user set role = 'VIEWER', active = false where email = 'viewer@demo.test'`);
    expect((await refresh(promoted.refreshToken)).code).toBe('SESSION_EXPIRED');
    await database.rows(`update app_user set active = true where email = 'viewer@demo.test'`);
  });

  it.each(['', 'pgr_', 'pgr_AAAA', '\u0000', 'x'.repeat(100_000)])('refuses a token nobody was given', async (token) => {
    expect((await refresh(token)).code).toBe('SESSION_EXPIRED');
  });
});

describe('signing out', () => {
  const SIGN_OUT = 'mutation ($everywhere: Boolean, $token: String) { signOut(everywhere: $everywhere, refreshToken: $token) }';

  it('ends the session, stores the revocation and announces it', async () => {
    const heard: RegistryWakeUp[] = [];
    const subscription = await bus.subscribe(busChannel.revocations, (wakeUp: RegistryWakeUp) => heard.push(wakeUp));
    const session = await begin();
    const { data } = await askSubgraph(users, SIGN_OUT, { viewer: viewerOf(session) });
    expect(data).toEqual({ signOut: true });
    expect((await refresh(session.refreshToken)).code).toBe('SESSION_EXPIRED');
    const { revision, revocations } = await users.revocationSource.fetch(0);
    expect(revocations.at(-1)).toMatchObject({ kind: 'session', sessionId: viewerOf(session).subject!.sessionId, atMs: clockMs, revision });
    await eventually(() => expect(heard).toContainEqual({ revision }));
    expect(await users.revocationSource.fetch(revision)).toEqual({ revision, revocations: [] });
    bus.unsubscribe(subscription);
  });

  it('everywhere ends every session of the person, and nobody else’s', async () => {
    const mine = [await begin('engineer@demo.test'), await begin('engineer@demo.test')];
    const other = await begin('operator@demo.test');
    await askSubgraph(users, SIGN_OUT, { viewer: viewerOf(mine[0]!), variables: { everywhere: true } });
    for (const { refreshToken } of mine) expect((await refresh(refreshToken)).code).toBe('SESSION_EXPIRED');
    expect((await refresh(other.refreshToken)).code).toBeUndefined();
    const revoked = await revokedSessions();
    expect(revoked).toEqual(expect.arrayContaining(mine.map((session) => viewerOf(session).subject!.sessionId)));
    expect(revoked).not.toContain(viewerOf(other).subject!.sessionId);
  });

  it('works with the refresh token alone, and says when there was nothing to end', async () => {
    const session = await begin();
    const variables = { token: session.refreshToken };
    expect((await askSubgraph(users, SIGN_OUT, { variables })).data).toEqual({ signOut: true });
    expect((await askSubgraph(users, SIGN_OUT, { variables })).data).toEqual({ signOut: false });
  });

  it('is refused to strangers, API keys and class viewers', async () => {
    const person = viewerOf(await begin());
    const apiKey: Viewer = { ...person, subject: { kind: 'API_KEY', id: person.subject!.id, name: 'key', sessionId: null } };
    expect((await askSubgraph(users, SIGN_OUT)).code).toBe('UNAUTHENTICATED');
    expect((await askSubgraph(users, SIGN_OUT, { viewer: apiKey })).code).toBe('FORBIDDEN');
    expect((await askSubgraph(users, SIGN_OUT, { viewer: { ...person, subject: null } })).code).toBe('UNAUTHENTICATED');
  });
});

describe('the revocations feed', () => {
  it('never shows a reader something earlier than it has seen: who commits later comes later', async () => {
    const session = await begin('operator@demo.test');
    const { revision: before } = await users.revocationSource.fetch(0);
    const slow = new Client({ connectionString: roleUrl(database.url, 'users', 'service') });
    await slow.connect();
    const manager = { query: async (sql: string, values: unknown[]) => (await slow.query(sql, values)).rows };
    const [organizationId, subjectId] = [viewerOf(session).organizationId, randomUUID()];
    await slow.query('begin');
    await new RevocationRepository(manager as unknown as EntityManager).append([
      { organizationId, kind: 'user', subjectId, at: new Date(clockMs) },
    ]);

    const signingOut = askSubgraph(users, 'mutation { signOut }', { viewer: viewerOf(session) });
    await eventually(async () => {
      const waiting = await database.rows(`select from pg_locks where locktype = 'advisory' and not granted`);
      expect(waiting).toHaveLength(1);
    });
    expect(await users.revocationSource.fetch(before)).toEqual({ revision: before, revocations: [] });
    await slow.query('commit');
    await slow.end();
    await signingOut;

    const { revocations } = await users.revocationSource.fetch(before);
    expect(revocations.map(({ kind }) => kind)).toEqual(['user', 'session']);
    expect(revocations[1]!.revision).toBeGreaterThan(revocations[0]!.revision);
  });

  it('starts anew for a reader that is ahead of it', async () => {
    const all = await users.revocationSource.fetch(0);
    expect(await users.revocationSource.fetch(all.revision + 1_000)).toEqual(all);
  });
});
