// `npm run dev`: servers and client rebuilt on change, the standalone process restarted when its code did.
import { spawn } from 'node:child_process';
import { ROOT, toolEnvironment } from './toolchain.mjs';

const children = [
  ['tsc', ['-b', '--watch', '--preserveWatchOutput', 'tsconfig.build.json']],
  ['npm', ['run', '--silent', 'watch', '-w', '@pulsegraph/client']],
  ['node', ['--watch', 'standalone/dist/main.js']],
].map(([command, args]) => spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: toolEnvironment() }));

const stop = () => children.forEach((child) => child.kill('SIGTERM'));
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
process.on('disconnect', stop);
await Promise.all(children.map((child) => new Promise((resolve) => child.on('exit', resolve))));
