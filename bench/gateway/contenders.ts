import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../../e2e/stack/process.js';
import { Worker } from '../worker/worker.js';
import { installHive } from './hive-install.js';

export interface Contender {
  name: string;
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

/** Each in a process of its own; idle while another is measured. */
export async function startContenders(supergraphFile: string, without: readonly string[]): Promise<Contender[]> {
  const contenders: Contender[] = [];
  const add = async (name: string, start: () => Promise<Omit<Contender, 'name'>>) => {
    if (!without.includes(name)) contenders.push({ name, ...(await start()) });
  };
  await add('apollo', () => fromWorker('gateway/apollo-process', supergraphFile));
  await add('hive', () => startHive(supergraphFile));
  await add('remote', () => startRemote(supergraphFile));
  await add('in-process', () => fromWorker('gateway/in-process'));
  return contenders;
}

async function fromWorker(file: string, argument?: string): Promise<Omit<Contender, 'name'>> {
  const worker = new Worker(file);
  return { url: await worker.call<string>('start', argument), pid: worker.pid, stop: () => worker.stop() };
}

async function startHive(supergraphFile: string): Promise<Omit<Contender, 'name'>> {
  const folder = installHive();
  const port = await freePort();
  const bin = join(folder, 'node_modules', '@graphql-hive', 'gateway', 'dist', 'bin.js');
  const args = ['supergraph', supergraphFile, '--hive-router-runtime', '--host', '127.0.0.1', '--port', String(port)];
  return startCommand([bin, ...args, '--config-path', join(folder, 'gateway.config.mjs')], folder, port);
}

/** The product's own command for any supergraph. */
async function startRemote(supergraphFile: string): Promise<Omit<Contender, 'name'>> {
  const port = await freePort();
  const cli = join(ROOT, 'gateway', 'dist', 'cli.js');
  return startCommand([cli, '--supergraph', supergraphFile, '--port', String(port), '--no-auth'], ROOT, port);
}

async function startCommand(args: readonly string[], cwd: string, port: number): Promise<Omit<Contender, 'name'>> {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', APOLLO_TELEMETRY_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/graphql`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    }).catch(() => undefined);
    if (answer?.ok) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${args[0]!} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const stop = async () => {
    child.kill();
    const late = setTimeout(() => child.kill('SIGKILL'), 8_000);
    await ended;
    clearTimeout(late);
  };
  return { url, pid: child.pid!, stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
