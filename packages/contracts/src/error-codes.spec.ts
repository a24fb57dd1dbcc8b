import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from './error-codes.js';
import { REJECTION_REASONS } from './rejection.js';

const page = readFileSync(join(__dirname, '../../../docs/reference/errors.md'), 'utf8');
const listed = (heading: string) => {
  const section = page.split(`## ${heading}`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([A-Z_0-9]+)`/gm)].map(([, code]) => code);
};

describe('docs/reference/errors.md', () => {
  it('lists every error code there is, and none that is not', () => {
    expect(listed('Codes of the graph').sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it('lists every reason for which a reading can be refused, and none that is not', () => {
    expect(listed('Reasons of dead letters').sort()).toEqual(Object.keys(REJECTION_REASONS).sort());
  });
});
