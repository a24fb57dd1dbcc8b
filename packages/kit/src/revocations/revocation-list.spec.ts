import { busChannel, type Revocation } from '@pulsegraph/contracts';
import { eventually, fakeRevocationSource } from '@pulsegraph/testkit';
import { createInProcessBus } from '../live-bus/index.js';
import { silentLog } from '../log/index.js';
import { LONGEST_ACCESS_TOKEN_LIFE_MS, createRevocationList } from './revocation-list.js';

const organizationId = 'org-1';
const NOW_MS = 1_795_176_000_000;

function setUp({ pollMs = 60_000 } = {}) {
  const clock = { nowMs: NOW_MS };
  const source = fakeRevocationSource();
  const bus = createInProcessBus();
  const list = createRevocationList({ source, bus, log: silentLog, pollMs, now: () => clock.nowMs });
  stops.push(() => list.stop());
  const announce = () => bus.publish(busChannel.revocations, { revision: 0 });
  return { clock, source, list, announce };
}
const stops: (() => Promise<void>)[] = [];
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())));

const aToken = (over = {}) => ({ sessionId: 's-1', userId: 'u-1', issuedAtMs: NOW_MS - 60_000, role: 'OPERATOR' as const, ...over });

it('refuses an ended session at once, and tells who listens', async () => {
  const { source, list, announce } = setUp();
  await list.start();
  const heard: Revocation[] = [];
  list.onRevocation((revocation) => heard.push(revocation));
  expect(list.isRevoked(aToken())).toBe(false);
  source.push({ kind: 'session', sessionId: 's-1', organizationId, atMs: NOW_MS });
  await announce();
  await eventually(() => expect(list.isRevoked(aToken())).toBe(true));
  expect(list.isRevoked(aToken({ sessionId: 's-2' }))).toBe(false);
  expect(heard).toMatchObject([{ kind: 'session', sessionId: 's-1', revision: 1 }]);
});

it('knows what was revoked before it started', async () => {
  const { source, list } = setUp();
  source.push({ kind: 'api-key', apiKeyId: 'k-1', organizationId, atMs: NOW_MS });
  await list.start();
  expect(list.isRevoked({ apiKeyId: 'k-1', issuedAtMs: 0, role: 'VIEWER' })).toBe(true);
});

it('refuses what a deactivated user held, and accepts what was issued after', async () => {
  const { source, list } = setUp();
  source.push({ kind: 'user', userId: 'u-1', organizationId, atMs: NOW_MS });
  await list.start();
  expect(list.isRevoked(aToken())).toBe(true);
  expect(list.isRevoked(aToken({ issuedAtMs: NOW_MS + 1_000 }))).toBe(false);
  expect(list.isRevoked(aToken({ userId: 'u-2' }))).toBe(false);
});

it('refuses a token that still claims the former role', async () => {
  const { source, list } = setUp();
  source.push({ kind: 'role', userId: 'u-1', role: 'VIEWER', organizationId, atMs: NOW_MS });
  await list.start();
  expect(list.isRevoked(aToken({ role: 'OPERATOR' }))).toBe(true);
  expect(list.isRevoked(aToken({ role: 'VIEWER' }))).toBe(false);
  expect(list.isRevoked(aToken({ role: 'OPERATOR', issuedAtMs: NOW_MS + 1_000 }))).toBe(false);
});

it('forgets a revocation once no token can be that old', async () => {
  const { clock, source, list, announce } = setUp();
  source.push({ kind: 'session', sessionId: 's-1', organizationId, atMs: NOW_MS });
  await list.start();
  clock.nowMs += LONGEST_ACCESS_TOKEN_LIFE_MS;
  await announce();
  source.push({ kind: 'session', sessionId: 's-2', organizationId, atMs: clock.nowMs });
  await announce();
  await eventually(() => expect(list.isRevoked(aToken({ sessionId: 's-2' }))).toBe(true));
  expect(list.isRevoked(aToken())).toBe(true);
  clock.nowMs += 2 * 60_000;
  source.push({ kind: 'session', sessionId: 's-3', organizationId, atMs: clock.nowMs });
  await announce();
  await eventually(() => expect(list.isRevoked(aToken({ sessionId: 's-3' }))).toBe(true));
  expect(list.isRevoked(aToken())).toBe(false);
  expect(list.isRevoked(aToken({ sessionId: 's-2' }))).toBe(true);
});

it('keeps what it knows through an outage, says degraded after 10 s of it, and recovers', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  try {
    const { source, list } = setUp({ pollMs: 2_000 });
    source.push({ kind: 'session', sessionId: 's-1', organizationId, atMs: NOW_MS });
    await list.start();
    source.failWith(new Error('users is away'));
    await jest.advanceTimersByTimeAsync(9_000);
    expect(list.degraded).toBe(false);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(list.degraded).toBe(true);
    expect(list.isRevoked(aToken())).toBe(true);
    source.failWith(null);
    await jest.advanceTimersByTimeAsync(2_100);
    expect(list.degraded).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});
