import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The repository. Looked for, because tests run from the sources and the bench from a folder of its own. */
export const ROOT = ((folder) => {
  while (!existsSync(join(folder, 'package-lock.json'))) folder = dirname(folder);
  return folder;
})(__dirname);

export interface RunningProcess {
  readonly child: ChildProcess;
  /** What it has said so far, both streams. */
  output(): string;
  /** Resolves with its exit code, or signal. */
  ended: Promise<number | NodeJS.Signals | null>;
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** A command of the product as a process of its own, as a person would start it. */
export function runProcess(command: string, args: readonly string[], env: NodeJS.ProcessEnv): RunningProcess {
  const bin = join(ROOT, 'node_modules', '.bin');
  const child = spawn(command, args, {
    cwd: ROOT,
    // Mosquitto lies in /usr/sbin, which only root has in its path.
    env: {
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      APOLLO_TELEMETRY_DISABLED: 'true',
      ...env,
      PATH: `${bin}:${process.env.PATH}:/usr/sbin`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-200_000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null);
  return {
    child,
    output: () => output,
    ended,
    end: (signal = 'SIGINT') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** Polls `/health/ready` until it answers 200. Fails at once when the process ends. */
export async function waitUntilReady(url: string, running: RunningProcess, timeoutMs = 120_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (running.child.exitCode !== null) throw new Error(`The process ended before it was ready:\n${running.output()}`);
    const ready = await fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    if (Date.now() > deadline) throw new Error(`${url} was not ready within ${timeoutMs} ms:\n${running.output().slice(-5_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
