import { residentBytes } from '../measure/cpu.js';
import { Worker } from '../worker/worker.js';
import { anEvent, messageOf, withAnyId } from './readings.js';
import type { ServerKind } from './servers.js';

const PER_PROCESS = 5_000;

/** A server in a process of its own, and its subscribers in others. */
export class FanoutContender {
  private readonly server = new Worker('fanout/server-process');
  private readonly subscribers: { worker: Worker; count: number }[] = [];
  private url = '';
  private published = 0;
  bytesPerSubscription = NaN;

  constructor(readonly kind: ServerKind) {}

  get pid(): number {
    return this.server.pid;
  }

  /** Opens the subscriptions, and weighs them before the first event. */
  async open(count: number): Promise<void> {
    this.url = await this.server.call<string>('start', this.kind);
    for (let left = count; left > 0; left -= PER_PROCESS) {
      this.subscribers.push({ worker: new Worker('fanout/subscriber-process'), count: Math.min(left, PER_PROCESS) });
    }
    // Some come and go first: what a server allocates once is not a subscription's.
    const [first] = this.subscribers;
    await this.connect(first!.worker, 50);
    await this.settled(50);
    await first!.worker.call('closeAll');
    await this.settled(0);
    await this.server.call('collectGarbage');
    const before = residentBytes(this.pid);
    for (const { worker, count: share } of this.subscribers) await this.connect(worker, share);
    await this.settled(count);
    await this.server.call('collectGarbage');
    this.bytesPerSubscription = (residentBytes(this.pid) - before) / count;
  }

  /** Publishes without a pause. Resolves when every subscriber has everything. */
  async burst(events: number): Promise<void> {
    const received = this.subscribers.map(({ worker, count }) => worker.call<string>('receive', count * events));
    await this.server.call('publish', events);
    this.published += events;
    const expected = messageOf(anEvent(this.published));
    for (const message of await Promise.all(received))
      if (withAnyId(message) !== expected) throw new Error(`${this.kind} sent ${message} for ${expected}`);
  }

  /** Publishes an event when every subscriber has the one before. */
  async oneByOne(events: number): Promise<void> {
    for (let event = 0; event < events; event += 1) await this.burst(1);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.subscribers.map(({ worker }) => worker.stop()), this.server.stop()]);
  }

  private connect(worker: Worker, count: number): Promise<void> {
    return worker.call('open', { url: this.url, count, graphql: this.kind !== 'raw' });
  }

  private async settled(count: number): Promise<void> {
    for (const deadline = Date.now() + 60_000; ;) {
      const subscribers = await this.server.call<number>('subscribers');
      if (subscribers === count) return;
      if (Date.now() > deadline) throw new Error(`${this.kind} has ${subscribers} subscribers, not ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
