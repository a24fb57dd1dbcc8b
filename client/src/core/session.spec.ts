import { TestBed } from '@angular/core/testing';
import { Session } from './session';

const MINUTE = 60_000;
const viewer = {
  role: 'OPERATOR',
  permissions: [],
  organization: { id: 'o', key: 'demo', name: 'Demo', timeZone: 'UTC' },
  user: { id: 'u', email: 'o@demo.test', displayName: 'Olga' },
};

describe('Session', () => {
  let calls: string[];
  let answer: (path: string) => Response | Promise<Response>;
  let granted: number;

  const grant = (lifeMs: number): Response =>
    Response.json({ accessToken: `token-${++granted}`, accessTokenExpiresAt: new Date(Date.now() + lifeMs).toISOString(), viewer });
  const refusal = (status: number, code: string): Response =>
    Response.json({ errors: [{ message: code, extensions: { code } }] }, { status });
  const started = async (): Promise<Session> => {
    const session = TestBed.inject(Session);
    await session.start();
    return session;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    localStorage.setItem('pulsegraph.session', '1');
    calls = [];
    granted = 0;
    answer = () => grant(15 * MINUTE);
    vi.stubGlobal('fetch', async (path: string) => {
      calls.push(path);
      return answer(path);
    });
    TestBed.configureTestingModule({});
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is signed in again after a reload, by the cookie', async () => {
    const session = await started();
    expect(calls).toEqual(['/auth/refresh']);
    expect(session.state()).toBe('signed-in');
    expect(await session.accessToken()).toBe('token-1');
    expect(session.may('alerts:handle')).toBe(true);
    expect(session.may('users:manage')).toBe(false);
  });

  it('does not ask on a first visit', async () => {
    localStorage.clear();
    const session = await started();
    expect(calls).toEqual([]);
    expect(session.state()).toBe('signed-out');
  });

  it('renews the token before it ends, on its own', async () => {
    const session = await started();
    await vi.advanceTimersByTimeAsync(13 * MINUTE);
    expect(calls).toHaveLength(2);
    expect(await session.accessToken()).toBe('token-2');
    expect(calls).toHaveLength(2);
  });

  it('sends one refresh however many callers need a token', async () => {
    const session = await started();
    const results = await Promise.all([session.refresh(), session.refresh(), session.refresh()]);
    expect(results).toEqual([true, true, true]);
    expect(calls).toHaveLength(2);
  });

  it('signs out when the cookie is refused, and keeps nothing', async () => {
    const session = await started();
    answer = () => refusal(401, 'SESSION_EXPIRED');
    expect(await session.refresh()).toBe(false);
    expect(session.state()).toBe('signed-out');
    expect(session.viewer()).toBeNull();
    expect(await session.accessToken()).toBeNull();
  });

  it('stays signed in while the gateway is away, and tries again', async () => {
    const session = await started();
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    await session.refresh();
    expect(session.state()).toBe('signed-in');
    answer = () => grant(15 * MINUTE);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await session.accessToken()).toBe('token-2');
  });

  it('waits for a gateway that is not up yet instead of asking for a password', async () => {
    answer = () => refusal(503, 'SERVICE_UNAVAILABLE');
    const session = await started();
    expect(session.state()).toBe('unreachable');
    answer = () => grant(15 * MINUTE);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(session.state()).toBe('signed-in');
  });
});
