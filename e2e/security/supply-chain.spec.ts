import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ROOT } from '../stack/process.js';

interface Locked {
  hasInstallScript?: boolean;
  os?: string[];
  cpu?: string[];
  resolved?: string;
  integrity?: string;
  link?: boolean;
}

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { allowScripts } = JSON.parse(text('package.json')) as { allowScripts: Record<string, boolean> };
const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, Locked> };
const third = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

describe('what is installed', () => {
  it('runs install scripts of packages that are allowed by name, and of no others', () => {
    const here = third.filter(
      ([, { hasInstallScript, os, cpu }]) => hasInstallScript && (!os || os.includes('linux')) && (!cpu || cpu.includes('x64')),
    );
    expect([...new Set(here.map(([path]) => nameOf(path)))].sort()).toEqual(Object.keys(allowScripts).sort());
  });

  it('is pinned by hash, and named by no host', () => {
    expect(third.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
    expect(third.filter(([, { resolved }]) => resolved?.startsWith('http')).map(([path]) => path)).toEqual([]);
  });

  it('is under licences of the policy, and the README names those under the Elastic License', () => {
    const { named, refused } = JSON.parse(execFileSync('node', ['tools/licences.mjs', '--json'], { cwd: ROOT, encoding: 'utf8' })) as {
      named: string[];
      refused: [string, string[]][];
    };
    expect(refused).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
    const readme = text('README.md');
    expect(named.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('the threat model', () => {
  const PAGE = 'docs/security/threat-model.md';
  const rows = text(PAGE)
    .split('\n')
    .filter((line) => /^\| (?!who\s|-)/.test(line));

  it('links every line to a test that exists, or says that nothing covers it', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const links = [...row.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => resolve(ROOT, dirname(PAGE), link!));
      expect({ row, covered: links.length > 0 }).toEqual({ row, covered: true });
      expect(links.filter((link) => !existsSync(link))).toEqual([]);
    }
  });
});
