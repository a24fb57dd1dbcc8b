#!/usr/bin/env node
import { runCli } from './cli/run-cli.js';
import { processEnvironment } from './env.js';

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

runCli(process.argv.slice(2), {
  environment: processEnvironment(),
  say: (text) => process.stdout.write(`${text.trimEnd()}\n`),
  complain: (text) => process.stderr.write(`${text.trimEnd()}\n`),
  stop: ending.signal,
}).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
