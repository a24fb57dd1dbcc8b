import type { DeviceAddress, DeviceEventRecord, DeviceEntry, OrganizationEntry, ProfileEntry } from '@pulsegraph/contracts';
import type { DialectMemory } from './dialect-memory.js';
import type { DecodedReadings } from './raw-reading.js';

/** A message as it came to a door. */
export interface IncomingMessage {
  topic: string;
  payload: Uint8Array;
  /** MQTT 5 or HTTP; MQTT 3.1.1 has none. */
  contentType?: string;
}

/** What decoding must know of the registry; `RegistryProjection` fits. */
export interface DeviceDirectory {
  organizationByKey(key: string): OrganizationEntry | undefined;
  deviceByKey(organizationId: string, key: string): DeviceEntry | undefined;
  profile(id: string): ProfileEntry | undefined;
}

export interface DecodeContext {
  registry: DeviceDirectory;
  receivedAtUs: number;
  rawRetentionDays: number;
  /** Who sent it, where the door knows by credentials. Null behind a broker whose access control binds the topic. */
  sender: DeviceAddress | null;
  /** What dialects with a state know of their senders. Without it, every message stands alone. */
  memory?: DialectMemory;
}

/** Something to say to a device because of what it said. */
export interface Downlink {
  topic: string;
  payload: Uint8Array;
}

/** A device event without what every record carries. */
export type DeviceEvent = DeviceEventRecord extends infer R
  ? R extends DeviceEventRecord
    ? Omit<R, 'type' | 'organizationId' | 'deviceId' | 'deviceKey' | 'receivedAtUs'>
    : never
  : never;

/** What one message says about one device. */
export interface DialectPart extends DecodedReadings {
  device: DeviceAddress;
  events: DeviceEvent[];
  downlinks?: Downlink[];
}

export function partOf(device: DeviceAddress, over: Partial<DialectPart> = {}): DialectPart {
  return { device, readings: [], labels: [], refused: [], events: [], ...over };
}

/** False for a message about another device than its sender: it will be refused, and must leave no trace. */
export function isOwn({ sender }: DecodeContext, device: DeviceAddress): boolean {
  return sender === null || (sender.deviceKey === device.deviceKey && sender.organizationKey === device.organizationKey);
}

/** How a family of devices speaks: one file each, pure, listed in dialects.ts. Knows topics and payloads, not profiles. */
export interface Dialect {
  /** Stands in dead letters as their source. */
  readonly name: string;
  /** True for messages that are this dialect's to read or to refuse. */
  reads(message: IncomingMessage): boolean;
  /** The device the topic alone names, for messages that are refused unread. */
  deviceOf(message: Pick<IncomingMessage, 'topic'>, context: DecodeContext): DeviceAddress | null;
  /** Never throws. A gateway's message may speak for several devices. Null: the topic is none of the dialect's after all. */
  decode(message: IncomingMessage, context: DecodeContext): DialectPart[] | null;
}
