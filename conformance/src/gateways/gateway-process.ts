import { spawn, type ChildProcess } from 'node:child_process';
import type { GatewayControl } from '../suite/stage.js';
import { poll } from '../suite/waits.js';

export interface Command {
  program: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;
const LINES_KEPT = 40;

/** A gateway as a child process of the suite. */
export class GatewayProcess implements GatewayControl {
  private child: ChildProcess | undefined;
  private gone: Promise<void> = Promise.resolve();
  private readonly lines: string[] = [];

  /** @param url Answers `{ __typename }` as soon as the gateway is ready. */
  constructor(
    private readonly command: Command,
    private readonly url: string,
  ) {}

  get alive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The last it has said; for whoever wonders why it does not start. */
  get output(): string {
    return this.lines.join('');
  }

  async start(): Promise<void> {
    const { program, args, cwd, env } = this.command;
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.gone = new Promise((resolve) => child.once('exit', () => resolve()));
    const keep = (chunk: Buffer) => {
      this.lines.push(chunk.toString());
      this.lines.splice(0, this.lines.length - LINES_KEPT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => this.lines.push(error.message));
    const answers = async () => {
      if (!this.alive) throw new Error(`The gateway ended while it started:\n${this.output}`);
      return answersGraphQL(this.url);
    };
    await poll(answers, 'the gateway does not answer', START_DEADLINE_MS).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${this.output}`);
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (!child || !this.alive) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await this.gone;
    clearTimeout(late);
  }
}

/** Whether a GraphQL server answers there, be it with a refusal. */
export async function answersGraphQL(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{"query":"{ __typename }"}',
      signal: AbortSignal.timeout(2_000),
    });
    const body = (await response.json()) as { data?: unknown; errors?: unknown };
    return body.data !== undefined || body.errors !== undefined;
  } catch {
    return false;
  }
}
