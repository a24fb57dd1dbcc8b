import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, appendFileSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SKIP_FILE_VARIABLE } from '../jest/shared-server.js';

/** Programs of the machine that some tests need, and how to get them. */
const INSTALL = {
  'redis-server': 'apt-get install redis-server',
  mosquitto: 'apt-get install mosquitto',
  mosquitto_ctrl: 'apt-get install mosquitto',
  kcat: 'apt-get install kcat',
} as const;
export type Program = keyof typeof INSTALL;

/** Path of the program, or an error that says how to install it. */
export function findProgram(program: Program): string {
  // Debian puts servers into sbin, which is not on everybody's PATH.
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin']) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Look in the next folder.
    }
  }
  throw new Error(`${program} is not installed: ${INSTALL[program]}`);
}

/**
 * A describe whose tests need these programs. Where one is missing the tests fail, naming it; with ALLOW_SKIPS=1 they are
 * skipped, and the end of the run says so.
 */
export function describeWith(programs: readonly Program[], title: string, body: () => void): void {
  const missing = programs.flatMap((program) => {
    try {
      findProgram(program);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  if (missing.length === 0) return void describe(title, body);
  if (process.env.ALLOW_SKIPS === '1') {
    const file = process.env[SKIP_FILE_VARIABLE];
    if (file) appendFileSync(file, missing.map((reason) => `${title}: ${reason}\n`).join(''));
    return void describe.skip(title, body);
  }
  describe(title, () => {
    it.each(missing)('needs what is not here: %s', (reason) => {
      throw new Error(`${reason}, or set ALLOW_SKIPS=1.`);
    });
  });
}

/** Runs a server in the foreground, quietly; what it wrote is kept for the error message. */
export function runServer(path: string, args: readonly string[]): { process: ChildProcess; output: () => string } {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // A worker that jest ends before afterAll must not leave servers behind.
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  return { process: child, output: () => output };
}

export async function endServer(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}
