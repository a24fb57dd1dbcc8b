import { METRIC, type DeviceAddress, type LogRecord } from '@pulsegraph/contracts';
import {
  DialectMemory,
  decodeMessage,
  refuseMessage,
  tooLarge,
  type DecodeContext,
  type DecodedMessage,
  type DeviceDirectory,
  type Label,
  type RefusedPart,
} from '@pulsegraph/decode';
import type { Log } from '@pulsegraph/kit/log';
import { counter } from '@pulsegraph/kit/metrics';
import { LRUCache } from 'lru-cache';
import type { Appender, Receipt } from '../batch/appender.js';
import { createClock } from './clock.js';

const DOORS = ['mqtt', 'broker', 'http'] as const;
export type Door = (typeof DOORS)[number];

export interface IntakeOptions {
  registry: DeviceDirectory;
  appender: Appender;
  rawRetentionDays: number;
  /** What a dialect has to say to a device, for example: tell me your names again. Nobody waits for it. */
  say: (topic: string, payload: Buffer) => void;
  log: Log;
}

const received = counter(METRIC.messagesReceived, 'Messages that reached a door.', ['door']);
const accepted = counter(METRIC.readingsAccepted, 'Readings that were decoded and found valid.', ['door']);
const rejected = counter(METRIC.readingsRejected, 'Readings and messages that became dead letters, or had no inbox.', ['reason']);
const LOG_PAUSE_MS = 10_000;

/** Decode → validate → append, the same for every door. Whoever sent the message is told by the receipt. */
export class Intake {
  readonly nowUs = createClock();
  private readonly context: DecodeContext;
  // Forgotten after a while: whoever writes them may have missed it.
  private readonly toldLabels = new LRUCache<string, string>({ max: 50_000, ttl: 600_000 });
  private tallied = false;
  private readonly tallies = {
    mqtt: { messages: 0, readings: 0 },
    broker: { messages: 0, readings: 0 },
    http: { messages: 0, readings: 0 },
  };
  private unattributedSince = { count: 0, loggedAtMs: 0 };

  constructor(private readonly options: IntakeOptions) {
    const { registry, rawRetentionDays } = options;
    this.context = { registry, rawRetentionDays, receivedAtUs: 0, sender: null, memory: new DialectMemory() };
  }

  /**
   * @param sender The signed-in device; null behind a broker whose access control binds the topic to it.
   * @returns Bytes that the message takes in memory until the receipt is given.
   */
  take(door: Door, topic: string, payload: Uint8Array, sender: DeviceAddress | null, receipt: Receipt): number {
    // One context for all messages: decoding keeps none of it.
    this.context.receivedAtUs = this.nowUs();
    this.context.sender = sender;
    return this.hand(door, topic, decodeMessage({ topic, payload }, this.context), receipt);
  }

  /** A message that was too large to be gathered. */
  takeOversized(door: Door, topic: string, start: Uint8Array, totalBytes: number, sender: DeviceAddress | null, receipt: Receipt): number {
    this.context.receivedAtUs = this.nowUs();
    this.context.sender = sender;
    return this.hand(door, topic, refuseMessage(topic, tooLarge(start, totalBytes), this.context), receipt);
  }

  private hand(door: Door, topic: string, decoded: DecodedMessage, receipt: Receipt): number {
    if (decoded.events.length > 0)
      decoded.events = decoded.events.filter((event) => event.event !== 'labels' || this.isNews(event.deviceId, event.labels));
    const records = recordsOf(decoded);
    this.count(door, decoded);
    this.options.appender.push(records, receipt);
    if (decoded.downlinks) for (const { topic, payload } of decoded.downlinks) this.options.say(topic, Buffer.from(payload));
    for (const part of decoded.unattributed) this.unattributed(door, topic, part);
    return heapBytesOf(records);
  }

  /** A device repeats its labels with every reading; until the registry has them, once is enough. */
  private isNews(deviceId: string, labels: readonly Label[]): boolean {
    const told = JSON.stringify(labels);
    if (this.toldLabels.get(deviceId) === told) return false;
    this.toldLabels.set(deviceId, told);
    return true;
  }

  /** Tallied here and handed to Prometheus once a turn: a labelled counter costs as much as validating a reading. */
  count(door: Door, { readings, rejections, unattributed }: Pick<DecodedMessage, 'readings' | 'rejections' | 'unattributed'>): void {
    const tally = this.tallies[door];
    if (!this.tallied) setImmediate(this.report);
    this.tallied = true;
    tally.messages++;
    for (const record of readings) tally.readings += record.readings.length;
    for (const { reason } of rejections) rejected.inc({ reason });
    for (const { reason } of unattributed) rejected.inc({ reason });
  }

  private readonly report = (): void => {
    this.tallied = false;
    for (const door of DOORS) {
      const tally = this.tallies[door];
      if (tally.messages === 0) continue;
      received.inc({ door }, tally.messages);
      accepted.inc({ door }, tally.readings);
      this.tallies[door] = { messages: 0, readings: 0 };
    }
  };

  private unattributed(door: Door, topic: string, { reason, detail }: RefusedPart): void {
    this.unattributedSince.count++;
    if (Date.now() - this.unattributedSince.loggedAtMs < LOG_PAUSE_MS) return;
    this.options.log.warn(
      { door, topic: topic.slice(0, 200), reason, detail, count: this.unattributedSince.count },
      'A message of no known organization was refused',
    );
    this.unattributedSince = { count: 0, loggedAtMs: Date.now() };
  }
}

export function recordsOf({ readings, events, rejections }: Pick<DecodedMessage, 'readings' | 'events' | 'rejections'>): LogRecord[] {
  return events.length + rejections.length === 0 ? readings : [...readings, ...events, ...rejections];
}

/** Roughly what records take on the heap; columns of ten bytes a reading become objects of twelve times that. */
export function heapBytesOf(records: readonly LogRecord[]): number {
  let bytes = 256;
  for (const record of records) {
    if (record.type === 'readings') bytes += 256 + 128 * record.readings.length;
    else if (record.type === 'rejection') bytes += 768 + record.payload.length;
    else bytes += 1024;
  }
  return bytes;
}
