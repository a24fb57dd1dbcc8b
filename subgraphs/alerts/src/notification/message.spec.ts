import { lookup } from 'node:dns/promises';
import { addressFault, guardedLookup } from './address-guard.js';
import { Breaker, DEFAULT_RETRIES, retryDelayMs } from './breaker.js';
import type { Due } from './compose.js';
import { outgoingOf } from './message.js';
import { textOf, trendOf, unknownPlaceholder, type Notice } from './template.js';

const notice: Notice = {
  alertId: '5dd258a9-06b6-4959-9aac-2dc3b83ea416',
  event: 'raised',
  level: 0,
  severity: 'CRITICAL',
  kind: 'THRESHOLD_EXCEEDED',
  deviceId: 'd',
  deviceKey: 'oven-1',
  deviceName: 'Oven 1',
  ruleId: 'r',
  ruleName: 'Too hot',
  message: 'Temperature 90 °C, above the limit of 85 °C',
  metric: 'temperature',
  value: 90.123456789,
  unit: '°C',
  threshold: 85,
  previousValue: 84.2,
  startedAt: '2026-11-20T12:00:00.000Z',
  raisedAt: '2026-11-20T12:00:00.400Z',
};
const due = (more: Partial<Due> = {}, said: Partial<Notice> = {}) =>
  ({ id: 'x', recipient: 'ada@demo.test', uncertain: false, ...more, notice: { ...notice, ...said } }) as Due;

it('says value, unit, limit, trend and where to look', () => {
  const { title, text } = textOf(notice, 'https://pulse.demo.test/alerts/1');
  expect(title).toBe('[CRITICAL] Oven 1: Temperature 90 °C, above the limit of 85 °C');
  for (const part of ['Value: 90.1235 °C', 'Limit: 85 °C', 'Trend: rising from 84.2 °C', 'https://pulse.demo.test/alerts/1']) {
    expect(text).toContain(part);
  }
});

it('fills a template of one’s own, on one line where it is a title, and leaves braces alone that are none', () => {
  const template = { title: '{severity}\r\nBcc: eve@demo.test {device}', text: '{"a": {value}, "b": {unknown}}' };
  expect(textOf(notice, 'l', template)).toEqual({
    title: 'CRITICAL Bcc: eve@demo.test Oven 1',
    text: '{"a": 90.1235, "b": {unknown}}',
  });
  expect(unknownPlaceholder(template.text)).toBe('unknown');
  expect(unknownPlaceholder(template.title)).toBeNull();
});

it.each([
  [{ value: 90, previousValue: null }, ''],
  [{ value: 90, previousValue: 84 }, 'rising from 84 °C, towards the limit'],
  [{ value: 90, previousValue: 90 }, 'steady at 90 °C'],
  [{ value: 90, previousValue: 99 }, 'falling from 99 °C, towards the limit'],
  [{ value: 90, previousValue: 89 }, 'rising from 89 °C'],
])('tells the trend of %o', (values, said) => {
  expect(trendOf({ ...notice, threshold: 87, ...(values.previousValue === 84 ? { threshold: 91 } : {}), ...values })).toBe(said);
});

it('lists what a digest holds under its worst severity, and counts what is too much', () => {
  const many = Array.from({ length: 35 }, (_, index) =>
    due({}, { severity: index === 7 ? 'CRITICAL' : 'LOW', deviceName: `Oven ${index}` }),
  );
  const { text, link } = outgoingOf(many, 'id', undefined, 'https://pulse.demo.test', 0);
  expect(text.title).toBe('[CRITICAL] 35 notifications');
  expect(text.text).toContain('[LOW] Oven 29:');
  expect(text.text).toContain('and 5 more');
  expect(link).toBe('https://pulse.demo.test/alerts');
});

it('leaves a failing channel alone longer and longer, and no more once it works', () => {
  const breaker = new Breaker(DEFAULT_RETRIES, 0, null);
  for (let failure = 1; failure <= 4; failure++) breaker.record(false, 0);
  expect([breaker.isOpen(1), breaker.probing]).toEqual([false, false]);
  breaker.record(false, 0);
  expect([breaker.openUntilMs, breaker.probing]).toEqual([15_000, true]);
  breaker.record(null, 15_000);
  breaker.record(false, 15_000);
  expect(breaker.openUntilMs).toBe(45_000);
  for (let failure = 0; failure < 20; failure++) breaker.record(false, 0);
  expect(breaker.openUntilMs).toBe(300_000);
  breaker.record(true, 300_000);
  expect([breaker.failures, breaker.isOpen(300_000), breaker.probing]).toEqual([0, false, false]);
});

it('waits twice as long before each retry, up to five minutes', () => {
  const delays = [1, 2, 3, 9, 500].map((attempts) => retryDelayMs(DEFAULT_RETRIES, attempts, () => 0.5));
  expect(delays).toEqual([2_000, 4_000, 8_000, 300_000, 300_000]);
});

describe('addresses of our own network', () => {
  it.each([
    'https://127.0.0.1',
    'https://[::1]',
    'https://192.168.1.1',
    'https://172.16.0.1',
    'https://100.64.0.1',
    'https://169.254.169.254',
    'https://0.0.0.0',
    'https://2130706433',
    'https://[fd00::1]',
    'https://[fe80::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[64:ff9b::7f00:1]',
    'https://printer.local',
    'https://localhost.',
  ])('are refused as written: %s', (url) => expect(addressFault(url, 'refuse-private')).toBe('must not lead into a private network'));

  it('are refused behind a name, at the look-up that connects; others are not', async () => {
    const look = (hostname: string, all: boolean) =>
      new Promise((resolve) =>
        guardedLookup(hostname, { all }, (error, address) => resolve(error ? (error as NodeJS.ErrnoException).code : address)),
      );
    // What `localhost` is here decides nothing: every address of it is our own.
    expect((await lookup('localhost')).address).toMatch(/^(127\.|::1$)/);
    expect(await look('localhost', false)).toBe('PRIVATE_ADDRESS');
    expect(await look('localhost', true)).toBe('PRIVATE_ADDRESS');
    expect(await look('93.184.216.34', false)).toBe('93.184.216.34');
    expect(await look('93.184.216.34', true)).toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(addressFault('https://hooks.example.org/x', 'refuse-private')).toBeNull();
  });
});
