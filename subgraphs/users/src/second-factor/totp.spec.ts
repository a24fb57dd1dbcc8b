import { base32, matchingStep, otpauthUrl, stepAt, totpAt } from './totp.js';

const SECRET = Buffer.from('12345678901234567890');

// RFC 6238, appendix B: the last six of its eight digits.
it.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('gives at %d s what RFC 6238 gives', (seconds, expected) => {
  expect(totpAt(SECRET, stepAt(new Date(seconds * 1_000)))).toBe(expected);
});

it.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('writes "%s" in base32 as RFC 4648 does', (text, expected) => expect(base32(Buffer.from(text))).toBe(expected));

it('takes the password of now and of one step to either side, once', () => {
  const now = new Date(1_795_176_000_000);
  const step = stepAt(now);
  const taken = [-2, -1, 0, 1, 2].map((off) => matchingStep(SECRET, totpAt(SECRET, step + off), now, 0));
  expect(taken).toEqual([null, step - 1, step, step + 1, null]);
  expect(matchingStep(SECRET, totpAt(SECRET, step), now, step)).toBeNull();
  expect(matchingStep(SECRET, ` ${totpAt(SECRET, step).slice(0, 3)} ${totpAt(SECRET, step).slice(3)}`, now, 0)).toBe(step);
  for (const otp of ['', '12345', 'abcdef', '1234567']) expect(matchingStep(SECRET, otp, now, 0)).toBeNull();
});

it('names account and issuer for the authenticator app', () => {
  const url = new URL(otpauthUrl(SECRET, 'ada@demo.test', 'Pulsegraph'));
  expect(url.protocol).toBe('otpauth:');
  expect(decodeURIComponent(url.pathname)).toContain('Pulsegraph:ada@demo.test');
  expect(url.searchParams.get('secret')).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
});
