import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { OpenOperation, UsageReceipt, UsageReport } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import { LRUCache } from 'lru-cache';
import { usageReports } from '../metrics.js';
import type { Caller, Engine } from '../operation/engine.js';
import type { PreparedOperation } from '../operation/prepared-operation.js';
import type { LiveEngine } from '../subscriptions/live-engine.js';
import { OperationDescriber } from './describe-operation.js';
import { UsageTallies } from './usage-tallies.js';

export interface UsageReporterOptions {
  /** Base address of the registry. */
  registryUrl: string;
  internalToken: string;
  intervalMs: number;
  sample: number;
  log: Log;
}

type ReportedTally = UsageReport['tallies'][number];

const MAX_COMBINATIONS = 20_000;
/** A registry that is away for an hour must not fill the heap. */
const MAX_UNSENT = 40_000;
const DEADLINE_MS = 5_000;
const OPERATIONS_PER_REPORT = 2_000;

/** Tells the registry who asks what, in batches beside the traffic. What cannot be told is counted and let go. */
export class UsageReporter {
  private readonly tallies: UsageTallies;
  private readonly describer = new OperationDescriber();
  private readonly gatewayId = `${hostname()}-${randomUUID()}`.slice(-100);
  /** Signatures whose document the registry has. */
  private readonly told = new LRUCache<string, true>({ max: 50_000 });
  private readonly documents = new LRUCache<string, UsageReport['operations'][number]>({ max: 20_000 });
  private unsent: ReportedTally[] = [];
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private reachable = true;

  constructor(
    private readonly options: UsageReporterOptions,
    private readonly engine: Engine,
    private readonly live: LiveEngine,
    private readonly servedVersion: () => number | null,
  ) {
    this.tallies = new UsageTallies(options.sample, MAX_COMBINATIONS);
  }

  record(prepared: PreparedOperation, caller: Caller, durationMs: number, failed: boolean): void {
    this.tallies.add(prepared, caller, durationMs, failed);
  }

  start(): void {
    this.timer = setInterval(() => void this.flush(), this.options.intervalMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** Never rejects. One report at a time: a slow registry gets fewer and larger ones. */
  flush(): Promise<void> {
    return (this.sending ??= this.send().finally(() => (this.sending = undefined)));
  }

  private async send(): Promise<void> {
    if (!this.engine.loaded) return;
    this.collect();
    const tallies = this.unsent;
    const untold = [...new Set(tallies.map(({ signature }) => signature))].filter((signature) => !this.told.has(signature));
    const operations = untold.slice(0, OPERATIONS_PER_REPORT).flatMap((signature) => this.documents.get(signature) ?? []);
    const { dropped } = this;
    const report: UsageReport = {
      gatewayId: this.gatewayId,
      servedVersion: this.servedVersion(),
      atMs: Date.now(),
      operations,
      tallies,
      open: this.open(),
      dropped,
    };
    try {
      const receipt = await this.post(report);
      for (const { signature } of operations) this.told.set(signature, true);
      for (const signature of receipt.unknown) this.told.delete(signature);
      this.unsent = [];
      this.dropped -= dropped;
      usageReports.inc({ result: 'sent' });
      this.reachable = true;
    } catch (error) {
      usageReports.inc({ result: 'failed' });
      // Once for each outage: it lasts longer than one interval.
      if (this.reachable) this.options.log.warn({ err: error }, 'Usage cannot be reported; it is kept for a while');
      this.reachable = false;
    }
  }

  private collect(): void {
    const { schema } = this.engine.current.generation;
    const { tallies, dropped } = this.tallies.take();
    this.dropped += dropped;
    const bySignature = new Map(this.unsent.map((tally) => [keyOf(tally), tally]));
    for (const { prepared, client, clientVersion, count, errors, durationMs } of tallies) {
      // On the schema for which it was prepared: the newest may no longer know its fields.
      const current = prepared.generation.schema;
      const operation =
        current === schema
          ? this.describer.describe(schema, prepared.text, prepared.operationName)
          : new OperationDescriber().describe(current, prepared.text, prepared.operationName);
      this.documents.set(operation.signature, operation);
      const tally = { signature: operation.signature, client, clientVersion, count, errors, durationMs };
      const known = bySignature.get(keyOf(tally));
      if (known) {
        known.count += count;
        known.errors += errors;
        known.durationMs += durationMs;
      } else if (bySignature.size < MAX_UNSENT) bySignature.set(keyOf(tally), tally);
      else this.dropped += 1;
    }
    this.unsent = [...bySignature.values()];
  }

  /** Equal operations of one client with different literals are one. */
  private open(): OpenOperation[] {
    const { schema } = this.engine.current.generation;
    const open = new Map<string, OpenOperation>();
    for (const { text, operationName, client, clientVersion, count } of this.live.openOperations()) {
      const { document, name, signature } = this.describer.describe(schema, text, operationName);
      const key = [signature, client, clientVersion].join('\n');
      const known = open.get(key);
      if (known) known.count += count;
      else open.set(key, { document, name, client, clientVersion, count });
    }
    return [...open.values()];
  }

  private async post(report: UsageReport): Promise<UsageReceipt> {
    const { registryUrl, internalToken } = this.options;
    const response = await fetch(new URL('/v1/usage', registryUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(report),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (!response.ok) throw new Error(`the registry answered ${response.status}`);
    return (await response.json()) as UsageReceipt;
  }
}

const keyOf = ({ signature, client, clientVersion }: ReportedTally) => [signature, client, clientVersion].join('\n');
