import fc from 'fast-check';
import { passwordFault } from './password-policy.js';

const KNOWN = ['ada.admin@demo.test', 'Ada Admin', 'Demo Hospital'];
const fault = (password: string) => passwordFault(password, KNOWN);

it('asks for twelve characters, counted as characters and not as bytes', () => {
  expect(fault('x7Kq-vv2m-P')).toBe('TOO_SHORT');
  expect(fault('x7Kq-vv2m-Pq')).toBeNull();
  expect(fault('👩‍⚕️'.repeat(2))).toBe('TOO_SHORT');
  expect(fault('Würfel-Ähre-Öl')).toBeNull();
});

it.each([
  'password1234',
  'Password!2024',
  'P@ssw0rd12345',
  'qwertyuiop123',
  'letmeinletmein',
  'aaaaaaaaaaaaaaaa',
  '123456789012345',
  'iloveyou2024!',
])('refuses %s, which stands in every list', (password) => expect(fault(password)).toBe('TOO_EASY_TO_GUESS'));

it.each(['ada.admin@demo.test', 'AdaAdmin2024', 'DemoHospital1', 'pulsegraph2024'])(
  'refuses %s, which an attacker tries first',
  (password) => expect(fault(password)).toBe('TOO_EASY_TO_GUESS'),
);

it('accepts a few unrelated words, and whatever is drawn at random', () => {
  expect(fault('correct horse battery staple')).toBeNull();
  const random = fc.string({ unit: fc.constantFrom(...'abcdefghijkmnpqrstuvwxyz23456789'), minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(random, (password) => fault(password) === null),
    { seed: 7, numRuns: 200 },
  );
});

it('judges the longest password it accepts, and refuses longer ones unseen', () => {
  expect(fault('ab1-'.repeat(64))).toBe('TOO_EASY_TO_GUESS');
  expect(fault('x'.repeat(1_000_000))).toBe('TOO_LONG');
});
