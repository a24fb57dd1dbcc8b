import { randomUUID } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { askSubgraph, testDatabase, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { decodeJwt } from 'jose';
import { createUsersSubgraph, type UsersSubgraph } from '../users-subgraph.js';
import { stepAt, totpAt } from './totp.js';

const PASSWORD = 'four words nobody leaked';
const EMAIL = 'operator@demo.test';

const database = testDatabase('users');
let clockMs = Date.now();
let users: UsersSubgraph;
let organizationId: string;

const start = (dataKeys: string[] = []) =>
  createUsersSubgraph({
    databaseUrl: database.url,
    bus: createInProcessBus(),
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    dataKeys,
    now: () => new Date(clockMs),
  });

beforeAll(async () => {
  users = await start();
  ({ organizationId } = await users.ensureDemoOrganization({ password: PASSWORD }));
});
afterAll(() => users?.stop());
beforeEach(async () => {
  clockMs += 3_600_000;
  await database.rows('delete from sign_in_attempt');
  await database.rows('delete from second_factor');
  await database.rows('delete from recovery_code');
  await database.rows('update app_user set mfa_enabled = false');
  await users.ensureDemoOrganization({ password: PASSWORD });
});

async function signIn(otp?: string, { password = PASSWORD, at = users } = {}) {
  const query = `mutation ($email: String!, $password: String!, $otp: String) {
    signIn(email: $email, password: $password, otp: $otp) { accessToken refreshToken viewer { user { mfaEnabled } } } }`;
  interface Answer {
    signIn: { accessToken: string; refreshToken: string; viewer: { user: { mfaEnabled: boolean } } };
  }
  const { data, code } = await askSubgraph<Answer>(at, query, { variables: { email: EMAIL, password, otp } });
  return { session: data?.signIn, code };
}
async function operator(): Promise<Viewer> {
  const claims = decodeJwt<{ sid: string; name: string }>((await signIn()).session!.accessToken);
  const subject = { kind: 'USER' as const, id: claims.sub!, name: claims.name, sessionId: claims.sid };
  return { organizationId, organizationKey: 'demo', role: 'OPERATOR', subject };
}
async function enroll(viewer: Viewer): Promise<{ otp: () => string; recoveryCodes: string[] }> {
  const query = 'mutation { enrollMfa { otpauthUrl recoveryCodes } }';
  const { data } = await askSubgraph<{ enrollMfa: { otpauthUrl: string; recoveryCodes: string[] } }>(users, query, { viewer });
  const { otpauthUrl, recoveryCodes } = data!.enrollMfa;
  const secret = fromBase32(new URL(otpauthUrl).searchParams.get('secret')!);
  return { otp: () => totpAt(secret, stepAt(new Date(clockMs))), recoveryCodes };
}
/** What an authenticator app does with the secret of the URL. */
function fromBase32(text: string): Buffer {
  const bits = [...text].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
}
const confirm = (viewer: Viewer, otp: string) =>
  askSubgraph(users, 'mutation ($otp: String!) { confirmMfa(otp: $otp) }', { viewer, variables: { otp } });
async function protectedOperator() {
  const viewer = await operator();
  const app = await enroll(viewer);
  expect((await confirm(viewer, app.otp())).data).toEqual({ confirmMfa: true });
  clockMs += 30_000;
  return { viewer, ...app };
}
const wrong = (otp: string) => String((Number(otp) + 1) % 1_000_000).padStart(6, '0');

describe('the second factor', () => {
  it('asks for nothing until the app was shown to work', async () => {
    const viewer = await operator();
    const { otp } = await enroll(viewer);
    expect((await signIn()).code).toBeUndefined();
    expect((await confirm(viewer, wrong(otp()))).errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'otp' });
    expect((await signIn()).session?.viewer.user.mfaEnabled).toBe(false);
  });

  it('is asked for after the right password only, and lets in with the password the app shows', async () => {
    const { otp } = await protectedOperator();
    expect((await signIn(undefined, { password: 'wrong' })).code).toBe('INVALID_CREDENTIALS');
    expect((await signIn()).code).toBe('MFA_REQUIRED');
    expect((await signIn(wrong(otp()))).code).toBe('INVALID_CREDENTIALS');
    expect((await signIn(otp())).session?.viewer.user.mfaEnabled).toBe(true);
  });

  it('takes each one-time password once, also of two at the same moment', async () => {
    const { otp } = await protectedOperator();
    const codes = (await Promise.all([signIn(otp()), signIn(otp())])).map(({ code }) => code);
    expect(codes.sort()).toEqual(['INVALID_CREDENTIALS', undefined]);
    clockMs += 30_000;
    expect((await signIn(otp())).code).toBeUndefined();
  });

  it('takes each recovery code once, however it is written', async () => {
    const { recoveryCodes } = await protectedOperator();
    expect(recoveryCodes).toHaveLength(10);
    expect((await signIn(recoveryCodes[0]!.toLowerCase().replaceAll('-', ' '))).code).toBeUndefined();
    expect((await signIn(recoveryCodes[0])).code).toBe('INVALID_CREDENTIALS');
    expect((await signIn(recoveryCodes[1])).code).toBeUndefined();
  });

  it('cannot be guessed by asking for it again and again in between', async () => {
    const { otp } = await protectedOperator();
    for (let n = 0; n < 5; n++) {
      expect((await signIn()).code).toBe('MFA_REQUIRED');
      expect((await signIn(wrong(otp()))).code).toBe('INVALID_CREDENTIALS');
    }
    expect((await signIn(otp())).code).toBe('ACCOUNT_LOCKED');
  });

  it('is not replaced by somebody who found an open browser', async () => {
    const { viewer, otp } = await protectedOperator();
    expect((await askSubgraph(users, 'mutation { enrollMfa { otpauthUrl } }', { viewer })).code).toBe('CONFLICT');
    const disable = (password: string, code: string) =>
      askSubgraph(users, 'mutation ($p: String!, $o: String!) { disableMfa(password: $p, otp: $o) }', {
        viewer,
        variables: { p: password, o: code },
      });
    expect((await disable('wrong', otp())).code).toBe('INVALID_CREDENTIALS');
    expect((await disable(PASSWORD, wrong(otp()))).code).toBe('INVALID_CREDENTIALS');
    expect((await disable(PASSWORD, otp())).data).toEqual({ disableMfa: true });
    expect((await signIn()).session?.viewer.user.mfaEnabled).toBe(false);
    expect((await disable(PASSWORD, otp())).code).toBe('CONFLICT');
  });

  it('belongs to people: strangers and API keys have none', async () => {
    const key: Viewer = { ...(await operator()), subject: { kind: 'API_KEY', id: randomUUID(), name: 'key', sessionId: null } };
    for (const mutation of [
      'enrollMfa { otpauthUrl }',
      'confirmMfa(otp: "1")',
      'disableMfa(password: "", otp: "")',
      'changePassword(current: "", next: "")',
    ]) {
      expect((await askSubgraph(users, `mutation { ${mutation} }`)).code).toBe('UNAUTHENTICATED');
      expect((await askSubgraph(users, `mutation { ${mutation} }`, { viewer: key })).code).toBe('FORBIDDEN');
    }
  });

  it('keeps its secret sealed, and opens it after DATA_KEY was introduced and rotated', async () => {
    const first = await protectedOperator();
    const [row] = await database.rows<{ sealed_secret: string }>('select sealed_secret from second_factor');
    const [key] = await database.rows<{ id: string }>('select id from sealing_key');
    expect(row!.sealed_secret.startsWith(`${key!.id}.`)).toBe(true);

    const [old, young] = ['old data key '.repeat(3), 'young data key '.repeat(3)];
    const withKey = await start([old]);
    const rotated = await start([young, old]);
    try {
      expect((await signIn(first.otp(), { at: withKey })).code).toBeUndefined();
      clockMs += 30_000;
      expect((await signIn(first.otp(), { at: rotated })).code).toBeUndefined();
    } finally {
      await Promise.all([withKey.stop(), rotated.stop()]);
    }
  });
});

describe('changing the password', () => {
  const change = (viewer: Viewer, current: string, next: string) =>
    askSubgraph(users, 'mutation ($c: String!, $n: String!) { changePassword(current: $c, next: $n) }', {
      viewer,
      variables: { c: current, n: next },
    });
  const renews = async (refreshToken: string) => {
    const query = 'mutation ($t: String!) { refreshSession(refreshToken: $t) { accessToken } }';
    return (await askSubgraph(users, query, { variables: { t: refreshToken } })).code ?? 'yes';
  };

  it('needs the old one, ends the other sessions and keeps this one', async () => {
    const other = (await signIn()).session!;
    const mine = (await signIn()).session!;
    const claims = decodeJwt<{ sid: string }>(mine.accessToken);
    const viewer: Viewer = {
      organizationId,
      organizationKey: 'demo',
      role: 'OPERATOR',
      subject: { kind: 'USER', id: claims.sub!, name: '', sessionId: claims.sid },
    };
    expect((await change(viewer, 'wrong', 'another four unrelated words')).code).toBe('INVALID_CREDENTIALS');
    expect((await change(viewer, PASSWORD, 'another four unrelated words')).data).toEqual({ changePassword: true });
    expect([await renews(other.refreshToken), await renews(mine.refreshToken)]).toEqual(['SESSION_EXPIRED', 'yes']);
    expect((await signIn()).code).toBe('INVALID_CREDENTIALS');
    expect((await signIn(undefined, { password: 'another four unrelated words' })).code).toBeUndefined();
  });

  it.each([
    ['short', 'TOO_SHORT'],
    ['x'.repeat(300), 'TOO_LONG'],
    ['OlgaOperator1', 'TOO_EASY_TO_GUESS'],
  ])('says why %s will not do, and changes nothing', async (next, reason) => {
    const { errors } = await change(await operator(), PASSWORD, next);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'next', reason });
    expect((await signIn()).code).toBeUndefined();
  });

  it('counts wrong guesses at the old one as signing in does', async () => {
    const viewer = await operator();
    for (let n = 0; n < 5; n++) await change(viewer, 'wrong', 'another four unrelated words');
    expect((await signIn()).code).toBe('ACCOUNT_LOCKED');
  });
});
