// The first visit's bytes, as a browser fetches them: what index.html names, and everything those import statically.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const TARGET_KB = 160;
const LIMIT_KB = 180;
const LAZY_LIMIT_KB = 60;

const browser = join(dirname(fileURLToPath(import.meta.url)), '../dist/browser');
const html = readFileSync(join(browser, 'index.html'), 'utf8');
const gzipKb = (file) => gzipSync(readFileSync(join(browser, file)), { level: 9 }).length / 1000;

const initial = new Set();
function visit(file) {
  if (initial.has(file)) return;
  initial.add(file);
  if (!file.endsWith('.js')) return;
  const source = readFileSync(join(browser, file), 'utf8');
  // Static imports only: `import{a}from"./chunk.js"`, `import"./chunk.js"`, `export…from"./chunk.js"`.
  for (const [, name] of source.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) visit(name);
}
for (const [, name] of html.matchAll(/(?:src|href)="([^":]+\.(?:js|css))"/g)) visit(name);

const total = [...initial].reduce((sum, file) => sum + gzipKb(file), 0);
const inline = /<script(?![^>]*\bsrc=)[^>]*>|<style|\son[a-z]+=/i.exec(html);
const lazy = readdirSync(browser)
  .filter((file) => file.endsWith('.js') && !initial.has(file))
  .map((file) => ({ file, kb: gzipKb(file) }))
  .sort((a, b) => b.kb - a.kb);

console.log(`initial ${total.toFixed(1)} kB gzip in ${initial.size} files (target ${TARGET_KB}, limit ${LIMIT_KB})`);
console.log(
  `lazy: ${lazy
    .slice(0, 4)
    .map(({ file, kb }) => `${file} ${kb.toFixed(1)}`)
    .join(', ')}`,
);
if (total > TARGET_KB) console.warn(`over the target of ${TARGET_KB} kB`);
const faults = [
  total > LIMIT_KB && `initial download is over ${LIMIT_KB} kB`,
  lazy[0] && lazy[0].kb > LAZY_LIMIT_KB && `${lazy[0].file} is over ${LAZY_LIMIT_KB} kB`,
  inline && `index.html holds inline code, which the content security policy refuses: ${inline[0]}`,
].filter(Boolean);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
