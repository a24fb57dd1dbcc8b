import fc from 'fast-check';
import type { ChannelSettings } from '../channel/settings.rules.js';
import { compose, type Due, type HoldReason, type Recent } from './compose.js';
import { quietUntil } from './quiet-hours.js';
import type { Notice } from './template.js';

const NOW = Date.UTC(2026, 10, 20, 12);
const NOTHING: Recent = { lastOfGroupMs: new Map(), sentMs: [] };
const settings = (more: object = {}) => ({ kind: 'EMAIL', to: ['ada@demo.test'], groupSeconds: 30, ...more }) as ChannelSettings;
let ids = 0;
const due = (more: Partial<Due> = {}, severity = 'HIGH') =>
  ({
    id: String(ids++),
    recipient: 'ada@demo.test',
    groupKey: 'rule/0',
    stage: '0',
    attempts: 0,
    held: null,
    uncertain: false,
    messageId: null,
    requestedAtMs: NOW,
    notice: { severity } as Notice,
    ...more,
  }) satisfies Due;

it('sends the first of each group at once, and holds what follows until the group may speak again', () => {
  const deliveries = [due(), due({ groupKey: 'other/0' }), due({ groupKey: 'quiet/0' }), due()];
  const { messages, holds } = compose(settings(), deliveries, { ...NOTHING, lastOfGroupMs: new Map([['quiet/0', NOW - 10_000]]) }, NOW);
  expect(messages.map((message) => message.deliveries.length)).toEqual([2, 1]);
  expect(holds).toEqual([{ deliveries: [deliveries[2]], untilMs: NOW + 20_000, reason: 'GROUP' }]);
});

it('sends what was held in one digest, apart from what is new', () => {
  const held = [due({ held: 'RATE' }), due({ held: 'GROUP', groupKey: 'other/0' })];
  const { messages } = compose(settings(), [...held, due()], NOTHING, NOW);
  expect(messages.map((message) => message.deliveries.length)).toEqual([2, 1]);
});

it('sends together again what was sent together, and a test past everything', () => {
  const quietHours = { from: '00:00', to: '23:59', timeZone: 'UTC', upTo: 'CRITICAL' };
  const deliveries = [due({ messageId: 'm', attempts: 1 }), due({ messageId: 'm', attempts: 1 }), due({ stage: 'test' })];
  const { messages, holds } = compose(settings({ quietHours, rateLimit: { messages: 1, perSeconds: 60 } }), deliveries, NOTHING, NOW);
  expect(messages.map(({ messageId, deliveries: together }) => [messageId, together.length])).toEqual([
    ['m', 2],
    [null, 1],
  ]);
  expect(holds).toEqual([]);
});

it('loses nothing, says nothing twice, and never exceeds the rate, whatever is due', () => {
  const someDue = fc.record({
    groupKey: fc.constantFrom('a/0', 'b/0', 'a/1'),
    held: fc.constantFrom<HoldReason | null>(null, 'GROUP', 'RATE', 'QUIET_HOURS'),
    severity: fc.constantFrom('CRITICAL', 'LOW'),
  });
  fc.assert(
    fc.property(
      fc.array(someDue, { maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 120_000 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      fc.constantFrom(0, 30),
      (given, agesMs, limit, isNight, groupSeconds) => {
        const deliveries = given.map(({ severity, ...more }) => due(more, severity));
        const quietHours = isNight ? { from: '11:00', to: '13:00', timeZone: 'UTC', upTo: 'HIGH' } : undefined;
        const recent = { lastOfGroupMs: new Map([['b/0', NOW - 5_000]]), sentMs: agesMs.map((ageMs) => NOW - ageMs).sort((a, b) => a - b) };
        const rateLimit = { messages: limit, perSeconds: 60 };
        const { messages, holds } = compose(settings({ groupSeconds, quietHours, rateLimit }), deliveries, recent, NOW);
        const seen = [...messages, ...holds].flatMap((part) => part.deliveries.map(({ id }) => id));
        expect(seen.sort()).toEqual(deliveries.map(({ id }) => id).sort());
        const inWindow = recent.sentMs.filter((atMs) => atMs > NOW - 60_000).length;
        if (messages.length > 0) expect(inWindow + messages.length).toBeLessThanOrEqual(limit);
        for (const { untilMs } of holds) expect(untilMs).toBeGreaterThan(NOW);
        if (isNight) for (const { deliveries: sent } of messages) for (const { notice } of sent) expect(notice.severity).toBe('CRITICAL');
      },
    ),
    { seed: 6, numRuns: 300 },
  );
});

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', upTo: 'HIGH' } as const;
  const berlin = (text: string) => Date.parse(text);

  it.each([
    ['before they begin', '2026-11-20T21:59:59+01:00', null],
    ['as they begin', '2026-11-20T22:00:00+01:00', '2026-11-21T07:00:00+01:00'],
    ['past midnight', '2026-11-21T03:12:45+01:00', '2026-11-21T07:00:00+01:00'],
    ['as they end', '2026-11-21T07:00:00+01:00', null],
    ['in the night that is an hour shorter', '2026-03-28T23:30:00+01:00', '2026-03-29T07:00:00+02:00'],
    ['in the night that is an hour longer', '2026-10-24T23:30:00+02:00', '2026-10-25T07:00:00+01:00'],
  ])('%s', (_when, at, until) => {
    expect(quietUntil(night, 'HIGH', berlin(at))).toBe(until === null ? null : berlin(until));
  });

  it('hold back nothing that is worse than they say', () => {
    expect(quietUntil(night, 'CRITICAL', berlin('2026-11-20T23:00:00+01:00'))).toBeNull();
    expect(quietUntil({ ...night, upTo: 'LOW' }, 'MEDIUM', berlin('2026-11-20T23:00:00+01:00'))).toBeNull();
  });

  it('always end at their end by the clock on the wall, within a day and an hour', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
    const minute = fc.integer({ min: 0, max: 1_439 });
    const text = (of: number) => `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, minute, fc.integer({ min: 0, max: 366 * 1_440 }), (timeZone, from, to, after) => {
        fc.pre(from !== to);
        const nowMs = Date.UTC(2026, 0, 1) + after * 60_000 + 17_000;
        const hours = { from: text(from), to: text(to), timeZone, upTo: 'CRITICAL' } as const;
        const until = quietUntil(hours, 'LOW', nowMs);
        if (until === null) return;
        expect(until).toBeGreaterThan(nowMs);
        expect(until - nowMs).toBeLessThanOrEqual(25 * 3_600_000);
        expect(quietUntil(hours, 'LOW', until)).toBeNull();
        expect(quietUntil(hours, 'LOW', until - 1_000)).toBe(until);
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});
