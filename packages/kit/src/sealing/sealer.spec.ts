import { keyFrom, Sealer } from './sealer.js';

const [old, young] = [keyFrom('the old secret of this test', 'users'), keyFrom('the young secret of this test', 'users')];

it('opens what it sealed, and what an older key sealed', () => {
  const before = new Sealer([old]).seal('JBSWY3DP', 'user/1');
  const rotated = new Sealer([young, old]);
  expect(rotated.open(before, 'user/1')).toBe('JBSWY3DP');
  expect(new Sealer([young]).open(rotated.seal('ü', 'user/1'), 'user/1')).toBe('ü');
});

it('opens nothing that was moved, altered or sealed by a key it does not have', () => {
  const sealer = new Sealer([young]);
  const sealed = sealer.seal('JBSWY3DP', 'user/1');
  expect(() => sealer.open(sealed, 'user/2')).toThrow();
  for (let at = sealed.indexOf('.') + 1; at < sealed.length; at++) {
    const altered = sealed.slice(0, at) + (sealed[at] === 'A' ? 'E' : 'A') + sealed.slice(at + 1);
    // The last character's low bits are padding: an altered text may decode to the same bytes.
    const same = Buffer.from(altered.split('.')[1]!, 'base64url').equals(Buffer.from(sealed.split('.')[1]!, 'base64url'));
    if (!same) expect(() => sealer.open(altered, 'user/1')).toThrow();
  }
  expect(() => new Sealer([old]).open(sealed, 'user/1')).toThrow(/DATA_KEY/);
});

it('never seals the same text twice to the same thing', () => {
  const sealer = new Sealer([young]);
  expect(sealer.seal('x', 'p')).not.toBe(sealer.seal('x', 'p'));
});
