// `npm run licences`: what is installed, by licence, from the lockfile. A test holds it to the policy below.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..');

/** May be used without asking anybody; MPL-2.0 as it is, unmodified. */
export const ALLOWED =
  /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-[34]\.0|Python-2\.0|Unlicense|W3C-20150513|PostgreSQL|WTFPL|Zlib|Artistic-2\.0|PSF-2\.0|MPL-2\.0)$/;
/** May be used, and must be named in the README. */
export const NAMED = /^Elastic-2\.0$/;

/** @returns {Map<string, string[]>} Names of packages by licence; `UNKNOWN` where the package says none. */
export function licences(lockfile = join(ROOT, 'package-lock.json')) {
  const { packages } = JSON.parse(readFileSync(lockfile, 'utf8'));
  const found = new Map();
  for (const [path, { license, link, private: own }] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || link || own) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const key = license ?? 'UNKNOWN';
    found.set(key, [...new Set([...(found.get(key) ?? []), name])].sort());
  }
  return found;
}

/** `(MIT OR GPL-3.0)` is allowed when one side is; `A AND B` when both are. */
export function isAllowed(licence) {
  const parts = licence.replace(/[()]/g, '').split(' OR ');
  return parts.some((part) => part.split(' AND ').every((each) => ALLOWED.test(each.trim())));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const all = licences();
  if (process.argv.includes('--json')) {
    const named = [...all].flatMap(([licence, names]) => (NAMED.test(licence) ? names : []));
    const refused = [...all].filter(([licence]) => !NAMED.test(licence) && !isAllowed(licence));
    process.stdout.write(JSON.stringify({ named, refused }));
    process.exit(0);
  }
  for (const [licence, names] of [...all].sort(([, a], [, b]) => b.length - a.length)) {
    process.stdout.write(`${licence}  ${names.length}${isAllowed(licence) ? '' : `  ${names.join(', ')}`}\n`);
  }
}
