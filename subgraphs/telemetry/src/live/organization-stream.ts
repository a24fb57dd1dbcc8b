import { busChannel, type StoredBatch, type StoredReadings } from '@pulsegraph/contracts';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { advanced, furthest, reaches, type BatchPlace } from './batch-place.js';
import type { StoredBatchRepository } from './stored-batch.repository.js';

/** Who is told of each batch, in the turn in which it was applied. */
export interface StreamListener {
  /** Null: of any device. */
  readonly deviceIds: readonly string[] | null;
  offer(stored: readonly StoredReadings[], place: BatchPlace): void;
  /** Batches are missing, or too many came: read them from the table. */
  fallBehind(): void;
}

/** The bus may lose a message; the table is asked this often whether it did. */
const POLL_MS = 2_000;
const READ_LIMIT = 200;

/** Follows one organization's batches for all who listen: once from the bus, and from the table where the bus left a gap. */
export class OrganizationStream {
  /** Everything up to here was offered. */
  end: BatchPlace = new Map();
  readonly started: Promise<void>;
  private readonly byDevice = new Map<string, Set<StreamListener>>();
  private readonly ofAnyDevice = new Set<StreamListener>();
  private subscription: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private reading = false;
  private readAgain = false;

  constructor(
    private readonly organizationId: string,
    private readonly repository: StoredBatchRepository,
    private readonly bus: LiveBus,
    private readonly log: Log,
  ) {
    this.started = this.start();
  }

  between(after: BatchPlace, until: BatchPlace, limit: number): Promise<StoredBatch[]> {
    return this.repository.between(this.organizationId, after, until, limit);
  }

  join(listener: StreamListener): void {
    if (!listener.deviceIds) this.ofAnyDevice.add(listener);
    for (const deviceId of listener.deviceIds ?? []) {
      const listeners = this.byDevice.get(deviceId);
      if (listeners) listeners.add(listener);
      else this.byDevice.set(deviceId, new Set([listener]));
    }
  }

  leave(listener: StreamListener): void {
    this.ofAnyDevice.delete(listener);
    for (const deviceId of listener.deviceIds ?? []) {
      const listeners = this.byDevice.get(deviceId);
      listeners?.delete(listener);
      if (listeners?.size === 0) this.byDevice.delete(deviceId);
    }
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    if (this.subscription !== undefined) this.bus.unsubscribe(this.subscription);
  }

  private async start(): Promise<void> {
    // Listen before asking where the table ends: what commits in between shows as a gap, and is read.
    let listening = false;
    this.subscription = await this.bus.subscribe(busChannel.readings(this.organizationId), (batch: StoredBatch) => {
      if (listening) this.hear(batch);
    });
    this.end = await this.repository.end(this.organizationId);
    listening = true;
    if (this.stopped) return this.stop();
    this.timer = setInterval(() => void this.readMissing(), POLL_MS);
    this.timer.unref();
    // What was said while we asked.
    void this.readMissing();
  }

  private hear(batch: StoredBatch): void {
    const seen = this.end.get(batch.group) ?? 0;
    if (batch.seq <= seen) return;
    if (this.reading || batch.previousSeq > seen) void this.readMissing();
    else this.apply(batch);
  }

  private apply(batch: StoredBatch): void {
    this.end = advanced(this.end, batch);
    const interested = new Map<StreamListener, StoredReadings[]>();
    if (this.byDevice.size > 0) {
      for (const stored of batch.devices) {
        for (const listener of this.byDevice.get(stored.deviceId) ?? []) {
          const list = interested.get(listener);
          if (list) list.push(stored);
          else interested.set(listener, [stored]);
        }
      }
    }
    for (const [listener, devices] of interested) listener.offer(devices, this.end);
    for (const listener of this.ofAnyDevice) listener.offer(batch.devices, this.end);
  }

  private async readMissing(): Promise<void> {
    this.readAgain = true;
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.readAgain && !this.stopped) {
        this.readAgain = false;
        const end = await this.repository.end(this.organizationId);
        while (!reaches(this.end, end)) {
          const batches = await this.between(this.end, end, READ_LIMIT);
          for (const batch of batches) this.apply(batch);
          if (batches.length < READ_LIMIT && !reaches(this.end, end)) this.skipTo(end);
        }
      }
    } catch (err) {
      this.log.warn({ err, organizationId: this.organizationId }, 'Reading stored batches failed; the next poll tries again');
    } finally {
      this.reading = false;
    }
  }

  /** We were away for longer than the table reaches back: who listens must hear that batches are missing. */
  private skipTo(end: BatchPlace): void {
    const everybody = new Set([...this.ofAnyDevice, ...[...this.byDevice.values()].flatMap((listeners) => [...listeners])]);
    for (const listener of everybody) listener.fallBehind();
    this.end = furthest(this.end, end);
  }
}
