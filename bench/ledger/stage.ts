import type { Variant } from './graph.js';
import type { Progress } from './client-process.js';
import { clean, type Balance } from './sequence-ledger.js';
import type { Load } from './subgraph-process.js';
import { Worker } from '../worker/worker.js';

export interface StageOptions {
  clients: number;
  /** Distinct subscriptions; each has its own stream at the subgraph. */
  lines: number;
  eventsPerSecond: number;
}

/** Subgraphs, our gateway and clients, each in a process of its own. */
export class LedgerStage {
  readonly lines: string[];
  private readonly subgraphs = new Worker('ledger/subgraph-process');
  private readonly clients = new Worker('ledger/client-process');
  private gateway = new Worker('ledger/gateway-process');
  private supergraphs!: Record<Variant, string>;
  private port = 0;
  private changes = 0;

  constructor(private readonly options: StageOptions) {
    this.lines = Array.from({ length: options.lines }, (_, index) => `line-${index + 1}`);
  }

  /** Resolves when every client has had an event. */
  async open(): Promise<void> {
    const { clients: count, eventsPerSecond: perSecond } = this.options;
    this.supergraphs = await this.subgraphs.call<Record<Variant, string>>('start');
    this.port = await this.gateway.call<number>('start', { supergraph: this.supergraphs.base, port: 0 });
    await this.clients.call('open', { url: `http://127.0.0.1:${this.port}/graphql`, lines: this.lines, count });
    await this.subgraphs.call('emit', { lines: this.lines, perSecond });
    await this.untilHeard(0);
  }

  now = () => this.clients.call<number>('now');
  progress = (sinceMs: number) => this.clients.call<Progress>('progress', sinceMs);
  load = () => this.subgraphs.call<Load>('load');
  heapBytes = () => this.gateway.call<number>('heapBytes');
  sharing = () => this.gateway.call<{ groups: number; upstreams: number; clients: number }>('sharing');

  /** To another supergraph, each time a new one. @returns when every open operation had gone over, ms. */
  change(variant: Variant): Promise<number> {
    return this.gateway.call<number>('change', `${this.supergraphs[variant]}\n# ${(this.changes += 1)}\n`);
  }

  /** Resolves when every client has got something since then. */
  untilHeard(sinceMs: number): Promise<void> {
    return until('every client has heard something', async () => {
      const { heard, clients } = await this.progress(sinceMs);
      return heard === clients;
    });
  }

  async shutDownGateway(): Promise<void> {
    await this.gateway.call('shutDown');
    await this.gateway.stop();
  }

  killGateway(): Promise<void> {
    return this.gateway.kill();
  }

  /** At the same port. */
  async startGateway(): Promise<void> {
    this.gateway = new Worker('ledger/gateway-process');
    await this.gateway.call('start', { supergraph: this.supergraphs.base, port: this.port });
  }

  /** Ends the events, waits until everybody has the newest, and adds up. */
  async settle(): Promise<Balance> {
    const newest = await this.subgraphs.call<Record<string, number>>('pause');
    // Who does not get it in this time has lost it.
    await until('every client has the newest', async () => (await this.clients.call<number>('behind', newest)) === 0).catch(
      () => undefined,
    );
    const behind = await this.clients.call<number>('behind', newest);
    const balance = await this.clients.call<Balance>('balance');
    return { ...balance, lost: balance.lost + behind };
  }

  async close(): Promise<void> {
    await Promise.all([this.subgraphs, this.gateway, this.clients].map((worker) => worker.stop()));
  }
}

export function sentence(balance: Balance): string {
  const { clients, received, disconnects, lost, repeated, faults, samples } = balance;
  const shown = clean(balance) ? '' : ` ${samples.join('\n')}`;
  return `${clients} clients got ${received} events: ${disconnects} disconnects, ${lost} lost, ${repeated} repeated, ${faults} errors${shown}`;
}

export async function until(what: string, done: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await done());) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1_000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
