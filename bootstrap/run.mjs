// `npm run <task>`: the repository's own tasks, each after whatever set-up it needs.
import { continueUnderNode24, ensureBuilt, ensureInstalled, fail, run, runOrFail } from './toolchain.mjs';

const [task, ...args] = process.argv.slice(2);

/** Everything `npm run check` asks; all of it runs, so that one look shows all faults. */
function check() {
  const checks = ['check:types', 'check:lint', 'check:boundaries', 'check:format'];
  const failed = checks.filter((name) => {
    console.log(`\n— ${name}`);
    return run('npm', ['run', '--silent', name]) !== 0;
  });
  if (failed.length > 0) fail(`\nFailed: ${failed.join(', ')}`);
  console.log('\nAll checks passed.');
}

const tasks = {
  async check() {
    // The client's typed documents are generated; type checks need them and the declarations of what it imports.
    runOrFail('npm', ['run', '--silent', 'codegen', '-w', '@pulsegraph/client']);
    check();
  },
  build: () => ensureBuilt({ force: true }),
  codegen: () => runOrFail('npm', ['run', '--silent', 'codegen', '-w', '@pulsegraph/client']),
  async dev() {
    await ensureBuilt();
    continueUnderNode24('bootstrap/dev.mjs', args);
  },
  async play() {
    await ensureBuilt();
    continueUnderNode24('tools/simulator/dist/play-main.js', args);
  },
  async rules() {
    await ensureBuilt();
    continueUnderNode24('tools/rules/dist/main.js', args);
  },
  async gateway() {
    await ensureBuilt();
    continueUnderNode24('gateway/dist/cli.js', args);
  },
  async conformance() {
    await ensureBuilt();
    continueUnderNode24('conformance/dist/main.js', args);
  },
  async security() {
    await ensureBuilt();
    const jest = ['node_modules/jest/bin/jest.js', '--config=jest.config.cjs', '--selectProjects', 'e2e', '--runInBand'];
    runOrFail('node', [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      ...jest,
      '--testPathPatterns',
      'e2e/security',
      ...args,
    ]);
  },
  async schema() {
    runOrFail('tsc', ['-b', 'tsconfig.build.json']);
    continueUnderNode24('schema/dist/main.js', args);
  },
  async bench() {
    await ensureBuilt();
    runOrFail('tsc', ['-b', 'bench']);
    continueUnderNode24('bench/dist/bench/main.js', args, { nodeArgs: ['--expose-gc'] });
  },
};

if (!task || !(task in tasks)) fail(`Unknown task "${task ?? ''}". There are: ${Object.keys(tasks).join(', ')}.`);
await ensureInstalled();
await tasks[task]();
