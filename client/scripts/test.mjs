// `ng test`, once; with CLIENT_TEST_REPORT also as JSON, for whoever adds up all tests of the repository.
import { spawnSync } from 'node:child_process';

const report = process.env.CLIENT_TEST_REPORT;
const reporters = report ? ['--reporters=default', '--reporters=json', `--output-file=${report}`] : [];
const { status } = spawnSync('ng', ['test', '--watch=false', ...reporters, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NG_CLI_ANALYTICS: 'false' },
});
process.exitCode = status ?? 1;
