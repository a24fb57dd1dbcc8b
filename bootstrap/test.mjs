// `npm test`: brings what the tests need, runs all of them, ends with one line that counts them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, ensureBuilt, ensureInstalled, fail, run } from './toolchain.mjs';

const SERVICES = [
  { package: 'redis-server', binary: '/usr/bin/redis-server', for: 'the Redis engines of log and bus, and the distributed test' },
  { package: 'mosquitto', binary: '/usr/sbin/mosquitto', for: 'the external broker' },
  { package: 'mosquitto-clients', binary: '/usr/bin/mosquitto_pub', for: "the README's example" },
  { package: 'kcat', binary: '/usr/bin/kcat', for: 'the Kafka engine of the log, on its mock cluster' },
  { package: 'chromium', binary: '/usr/bin/chromium', for: 'the browser tests' },
  { package: 'fonts-dejavu-core', binary: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', for: 'the browser tests' },
];

/** Debian starts services as it installs them; they would take 1883 and 6379 from whoever has them. */
function installServices() {
  const missing = SERVICES.filter(({ binary }) => !existsSync(binary));
  if (missing.length === 0) return [];
  const root = process.getuid?.() === 0;
  const debian = existsSync('/usr/bin/apt-get');
  if (!root || !debian) return missing;
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    console.log(`Installing ${missing.map((service) => service.package).join(', ')} from Debian …`);
    const apt = (...args) =>
      spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', ...missing.map((service) => service.package));
  } finally {
    if (ours) rmSync(policy);
  }
  return missing.filter(({ binary }) => !existsSync(binary));
}

function jest(name, args) {
  const output = join(ROOT, '.cache', `${name}.json`);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(output, { force: true });
  const status = run(
    'node',
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'node_modules/jest/bin/jest.js'),
      '--config=jest.config.cjs',
      '--json',
      `--outputFile=${output}`,
      '--testLocationInResults',
      ...args,
    ],
    { env: { ALLOW_SKIPS: missing.length > 0 ? '1' : (process.env.ALLOW_SKIPS ?? '') } },
  );
  if (!existsSync(output)) return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(readFileSync(output, 'utf8'));
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { passed: result.numPassedTests, failed: failed || (status !== 0 ? 1 : 0), skipped: result.numPendingTests + result.numTodoTests };
}

function clientTests() {
  const output = join(ROOT, '.cache', 'client.json');
  rmSync(output, { force: true });
  const status = run('npm', ['run', '--silent', 'test', '-w', '@pulsegraph/client'], { env: { CI: '1', CLIENT_TEST_REPORT: output } });
  if (!existsSync(output)) return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(readFileSync(output, 'utf8'));
  return { passed: result.numPassedTests, failed: result.numFailedTests || (status !== 0 ? 1 : 0), skipped: result.numPendingTests };
}

await ensureInstalled();
const missing = installServices();
await ensureBuilt();

const wanted = process.argv.slice(2);
// End to end runs exit when their tests are through: a stack that failed to stop fails its test, and must not hold up the rest.
const runs = [
  ['unit and integration', () => jest('integration', ['--selectProjects', 'unit', 'integration', '--maxWorkers=2', ...wanted])],
  ['client', () => (wanted.length > 0 ? { passed: 0, failed: 0, skipped: 0 } : clientTests())],
  ['end to end', () => jest('e2e', ['--selectProjects', 'e2e', '--runInBand', '--passWithNoTests', '--forceExit', ...wanted])],
];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, execute] of runs) {
  console.log(`\n— ${name}`);
  const result = execute();
  for (const key of Object.keys(total)) total[key] += result[key];
}

for (const service of missing) {
  console.log(`Skipped what needs ${service.package} (${service.for}). To run it: apt-get install ${service.package}`);
}
const { passed, failed, skipped } = total;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0) process.exit(1);
if (passed === 0) fail('No test ran.');
if ((missing.length > 0 || skipped > 0) && process.env.ALLOW_SKIPS !== '1') fail('Tests were skipped; set ALLOW_SKIPS=1 to accept that.');
