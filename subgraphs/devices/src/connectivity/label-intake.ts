import type { DeviceEventRecord } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import type { ChangePublisher } from '../change/change-publisher.js';
import type { ReportedLabelsRepository } from '../device/reported-labels.repository.js';
import type { Clock } from './clock.js';

export interface LabelIntakeOptions {
  repository: ReportedLabelsRepository;
  publisher: ChangePublisher;
  clock: Clock;
  log: Log;
}

const WRITE_MS = 1_000;
/** A device whose words change with every message is written this often; the last word wins. */
const PAUSE_PER_DEVICE_MS = 10_000;
/** What one transaction writes, because it holds the feed's lock. */
const MAX_PER_WRITE = 200;
/** Beyond this, news of further devices is left to their next message. */
const MAX_WAITING = 50_000;

/** Gathers labels that devices report, and writes them in the background: nobody waits for a label. */
export class LabelIntake {
  private readonly waiting = new Map<string, Map<string, string>>();
  private readonly writtenAtMs = new Map<string, number>();
  private end: (() => Promise<void> | void) | undefined;

  constructor(private readonly options: LabelIntakeOptions) {}

  start(): void {
    this.end = this.options.clock.every(WRITE_MS, () => this.write());
  }

  async stop(): Promise<void> {
    await this.end?.();
    for (let rounds = Math.ceil(this.waiting.size / MAX_PER_WRITE); rounds > 0; rounds--) await this.write(0);
  }

  /** Hot only where devices send labels: touches maps. */
  hear({ deviceId, labels }: DeviceEventRecord & { event: 'labels' }): void {
    let known = this.waiting.get(deviceId);
    if (!known) {
      if (this.waiting.size >= MAX_WAITING) return;
      this.waiting.set(deviceId, (known = new Map()));
    }
    for (const { key, value } of labels) known.set(key, value);
  }

  private async write(pauseMs = PAUSE_PER_DEVICE_MS): Promise<void> {
    const { repository, publisher, clock, log } = this.options;
    const nowMs = clock.now();
    for (const [deviceId, atMs] of this.writtenAtMs) if (nowMs - atMs >= pauseMs) this.writtenAtMs.delete(deviceId);
    const due = new Map([...this.waiting].filter(([deviceId]) => !this.writtenAtMs.has(deviceId)).slice(0, MAX_PER_WRITE));
    if (due.size === 0) return;
    for (const deviceId of due.keys()) this.waiting.delete(deviceId);
    try {
      publisher.publish(await repository.apply(due, new Date(nowMs)));
      for (const deviceId of due.keys()) this.writtenAtMs.set(deviceId, nowMs);
    } catch (error) {
      // What came meanwhile is newer.
      for (const [deviceId, labels] of due) this.waiting.set(deviceId, new Map([...labels, ...(this.waiting.get(deviceId) ?? [])]));
      log.warn({ err: error }, 'Labels that devices reported could not be written; they are kept and tried again');
    }
  }
}
