// Runs on plain Node 20 or newer without dependencies: it is what brings the dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CACHE = join(ROOT, '.cache');
const NODE_24 = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Environment in which every tool of the repository runs: Node 24 first, nobody phones home. */
export function toolEnvironment(extra = {}) {
  return {
    ...process.env,
    PATH: `${dirname(NODE_24)}${process.platform === 'win32' ? ';' : ':'}${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}`,
    APOLLO_TELEMETRY_DISABLED: 'true',
    NG_CLI_ANALYTICS: 'false',
    ...extra,
  };
}

export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Holds a lock file while `work` runs, so that two starts do not install or build at once. A dead holder's lock is taken over. */
export async function withLock(name, work) {
  mkdirSync(CACHE, { recursive: true });
  const path = join(CACHE, `${name}.lock`);
  for (let told = false; ;) {
    try {
      const handle = openSync(path, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(readFileSync(path, 'utf8').trim() || 0);
      const stale = holder ? !isAlive(holder) : Date.now() - statSync(path).mtimeMs > 5_000;
      if (stale) {
        rmSync(path, { force: true });
        continue;
      }
      if (!told) console.log(`Waiting for another ${name} to finish (process ${holder}) …`);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function stamp(name) {
  const path = join(name === 'install' ? join(ROOT, 'node_modules') : CACHE, `.pulsegraph-${name}`);
  return {
    read: () => (existsSync(path) ? readFileSync(path, 'utf8') : ''),
    write: (value) => (mkdirSync(dirname(path), { recursive: true }), writeFileSync(path, value)),
  };
}

function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(relative(ROOT, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

/** Installs with npm when the lockfile or a manifest changed since the last time, or a first time. */
export function ensureInstalled() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old to begin with: install Node 20 or newer; Node 24 then comes by itself.`);
  return withLock('install', () => {
    const wanted = hashFiles(filesBelow(ROOT, (path) => /(^|\/)package(-lock)?\.json$/.test(path)));
    if (stamp('install').read() === wanted && existsSync(NODE_24)) return;
    console.log('Installing dependencies (a few minutes the first time) …');
    // Not `npm ci`: it refuses a lockfile made where a registry lacks optional binaries of other platforms. The versions
    // are the lockfile's all the same, and --no-save leaves it as it is.
    const result = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NG_CLI_ANALYTICS: 'false' },
      shell: process.platform === 'win32',
    });
    if (result.status !== 0) fail('npm could not install the dependencies; its message stands above. Is the registry reachable?');
    if (!existsSync(NODE_24)) {
      fail(
        'Node 24 did not arrive with the dependencies: install scripts are switched off.\nRun `npm config set ignore-scripts false`, or `npm rebuild node`, and start again.',
      );
    }
    stamp('install').write(wanted);
  });
}

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.cache', '.data', '.angular', 'coverage']);

export function filesBelow(folder, wanted, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) filesBelow(path, wanted, found);
    else if (wanted(path)) found.push(path);
  }
  return found;
}

const BUILD_INPUT = /\.(ts|html|css|graphql|json|svg|ico|webmanifest)$/;

/** Builds servers and client unless no source changed. `force` builds regardless. */
export function ensureBuilt({ force = false } = {}) {
  return withLock('build', () => {
    const inputs = filesBelow(
      ROOT,
      (path) => BUILD_INPUT.test(path) && !/\.(generated|spec|e2e|bench)\.ts$/.test(path) && !/\/(docs|deploy)\//.test(path),
    );
    const wanted = hashFiles(inputs);
    const complete = existsSync(join(ROOT, 'client/dist/browser/index.html')) && existsSync(join(ROOT, 'standalone/dist/main.js'));
    if (!force && complete && stamp('build').read() === wanted) return;
    console.log('Building (a minute or two when much has changed) …');
    runOrFail('tsc', ['-b', 'tsconfig.build.json']);
    runOrFail('npm', ['run', '--silent', 'build', '-w', '@pulsegraph/client']);
    stamp('build').write(wanted);
  });
}

/** Runs a command under Node 24's environment; returns its exit status. */
export function run(command, args, { env = {}, cwd = ROOT } = {}) {
  const result = spawnSync(command, args, { cwd, stdio: 'inherit', env: toolEnvironment(env), shell: process.platform === 'win32' });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  return result.status ?? 128 + (constants.signals[result.signal] ?? 0);
}

export function runOrFail(command, args, options) {
  const status = run(command, args, options);
  if (status !== 0) process.exit(status);
}

/**
 * Goes on under Node 24 and ends with its exit code. The child has a process group of its own: a Ctrl-C reaches it once,
 * through us. Should we be killed, it notices by the closed channel and shuts down.
 */
export function continueUnderNode24(script, args, { env = {}, nodeArgs = [] } = {}) {
  const child = spawn(NODE_24, [...nodeArgs, join(ROOT, script), ...args], {
    cwd: process.env.INIT_CWD && script.includes('play') ? process.env.INIT_CWD : ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: toolEnvironment(env),
    detached: process.platform !== 'win32',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
  child.on('error', (error) => fail(`Node 24 could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
