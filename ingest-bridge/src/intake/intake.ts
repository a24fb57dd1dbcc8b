import { METRIC, type DeviceAddress, type LogRecord } from '@pulsegraph/contracts';
import {
  decodeMessage,
  refuseMessage,
  tooLarge,
  type DecodeContext,
  type DecodedMessage,
  type DeviceDirectory,
  type RefusedPart,
} from '@pulsegraph/decode';
import type { Log } from '@pulsegraph/kit/log';
import { counter } from '@pulsegraph/kit/metrics';
import type { Appender, Receipt } from '../batch/appender.js';
import { createClock } from './clock.js';

export type Door = 'mqtt' | 'broker' | 'http';

export interface IntakeOptions {
  registry: DeviceDirectory;
  appender: Appender;
  rawRetentionDays: number;
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
  private unattributedSince = { count: 0, loggedAtMs: 0 };

  constructor(private readonly options: IntakeOptions) {
    const { registry, rawRetentionDays } = options;
    this.context = { registry, rawRetentionDays, receivedAtUs: 0, sender: null };
  }

  /** @param sender The signed-in device; null behind a broker whose access control binds the topic to it. */
  take(door: Door, topic: string, payload: Uint8Array, sender: DeviceAddress | null, receipt: Receipt): void {
    // One context for all messages: decoding keeps none of it.
    this.context.receivedAtUs = this.nowUs();
    this.context.sender = sender;
    this.hand(door, topic, decodeMessage({ topic, payload }, this.context), receipt);
  }

  /** A message that was too large to be gathered. */
  takeOversized(door: Door, topic: string, start: Uint8Array, totalBytes: number, sender: DeviceAddress | null, receipt: Receipt): void {
    this.context.receivedAtUs = this.nowUs();
    this.context.sender = sender;
    this.hand(door, topic, refuseMessage(topic, tooLarge(start, totalBytes), this.context), receipt);
  }

  private hand(door: Door, topic: string, decoded: DecodedMessage, receipt: Receipt): void {
    this.count(door, decoded);
    this.options.appender.push(recordsOf(decoded), receipt);
    for (const part of decoded.unattributed) this.unattributed(door, topic, part);
  }

  count(door: Door, { readings, rejections, unattributed }: Pick<DecodedMessage, 'readings' | 'rejections' | 'unattributed'>): void {
    received.inc({ door });
    for (const record of readings) accepted.inc({ door }, record.readings.length);
    for (const { reason } of rejections) rejected.inc({ reason });
    for (const { reason } of unattributed) rejected.inc({ reason });
  }

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
