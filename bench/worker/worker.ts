import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

interface Call {
  id: number;
  method: string;
  argument: unknown;
}

interface Reply {
  id: number;
  value?: unknown;
  error?: string;
}

/** What a process of its own can be asked; each answers once. */
export type WorkerMethods = Record<string, (argument: never) => unknown>;

/** The child's side: answers calls until the parent lets go. */
export function serveWorker(methods: WorkerMethods): void {
  process.on('message', ({ id, method, argument }: Call) => {
    void (async () => {
      let reply: Reply;
      try {
        reply = { id, value: await methods[method]!(argument as never) };
      } catch (error) {
        reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      }
      process.send?.(reply);
    })();
  });
  process.on('disconnect', () => process.exit(0));
}

/** A part of the bench in a process of its own, so that its CPU and memory can be told from the others'. */
export class Worker {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private calls = 0;
  private stopping = false;

  /** @param file Relative to the bench, without extension. */
  constructor(
    private readonly file: string,
    args: readonly string[] = [],
  ) {
    this.child = fork(join(__dirname, '..', file), [...args], {
      stdio: 'inherit',
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_ENV: 'production', APOLLO_TELEMETRY_DISABLED: 'true' },
    });
    this.child.on('message', ({ id, value, error }: Reply) => {
      const call = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) call?.resolve(value);
      else call?.reject(new Error(error));
    });
    this.child.on('exit', (code, signal) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`${file} ended (${code ?? signal})`));
      this.waiting.clear();
      if (!this.stopping) console.error(`${file} ended (${code ?? signal})`);
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  call<T>(method: string, argument?: unknown): Promise<T> {
    if (!this.child.connected) return Promise.reject(new Error(`${this.file} has ended`));
    const id = (this.calls += 1);
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.send({ id, method, argument } satisfies Call);
    });
  }

  /** As when the machine takes it away. */
  async kill(): Promise<void> {
    this.stopping = true;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    if (this.child.connected) this.child.disconnect();
    else this.child.kill();
    await ended;
  }
}
