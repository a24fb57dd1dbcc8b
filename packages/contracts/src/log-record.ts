import type { RecordedReading } from './reading.js';
import type { RejectionReason } from './rejection.js';

/** Readings of one device from one message, already decoded, converted and validated. */
export interface ReadingsRecord {
  type: 'readings';
  organizationId: string;
  deviceId: string;
  deviceKey: string;
  /** When the bridge accepted the message, microseconds since 1970. */
  receivedAtUs: number;
  readings: RecordedReading[];
}

/** A payload, or a part of one, that was refused: becomes a dead letter. */
export interface RejectionRecord {
  type: 'rejection';
  organizationId: string;
  /** The dialect or door it came by, for example `pulse/v1`, `http`, `graphql`. */
  source: string;
  topic: string | null;
  deviceKey: string | null;
  deviceId: string | null;
  reason: RejectionReason;
  /** One sentence for a person: what was wrong and where. */
  detail: string;
  /** The refused part, so that replaying it never repeats its accepted neighbours. */
  payload: string;
  encoding: 'UTF8' | 'BASE64';
  receivedAtUs: number;
}

interface DeviceEventBase {
  type: 'device-event';
  organizationId: string;
  deviceId: string;
  deviceKey: string;
  receivedAtUs: number;
}
/** What a device says about itself, as opposed to what it measures. */
export type DeviceEventRecord = DeviceEventBase &
  (
    | { event: 'status'; online: boolean }
    | { event: 'twin-reported'; patch: unknown }
    /** Labels that the device sends beside its readings and that differ from what the registry holds. */
    | { event: 'labels'; labels: { key: string; value: string }[] }
    | { event: 'command-result'; commandId: string; status: 'ACCEPTED' | 'SUCCEEDED' | 'FAILED'; result: unknown }
    | { event: 'firmware-progress'; version: string; state: string; percent: number | null }
  );

export type LogRecord = ReadingsRecord | RejectionRecord | DeviceEventRecord;

/** Order is kept per key: all records of one device go the same way. */
export function partitionKey(record: LogRecord): string {
  return record.deviceId ?? `${record.organizationId}/${record.deviceKey ?? ''}`;
}

/** Consumer groups of the event log. Each hears every record, once or more, in order per device. */
export const CONSUMER_GROUPS = ['telemetry-writer', 'alert-evaluator', 'device-connectivity'] as const;
export type ConsumerGroup = (typeof CONSUMER_GROUPS)[number];
