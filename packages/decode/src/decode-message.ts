import {
  deviceTopicPrefix,
  type DeviceAddress,
  type DeviceEntry,
  type DeviceEventRecord,
  type ProfileEntry,
  type ReadingsRecord,
  type RejectionReason,
  type RejectionRecord,
} from '@pulsegraph/contracts';
import { partOf, type DecodeContext, type DialectPart, type Downlink, type IncomingMessage } from './dialect.js';
import { dialectOf } from './dialects.js';
import { decodePulse } from './pulse/readings.js';
import { wholeMessage } from './payload.js';
import type { DecodedReadings, Label, RefusedPart } from './raw-reading.js';
import { validateReadings } from './validate/validate-readings.js';

/** Everything a message came to, ready for the log. */
export interface DecodedMessage {
  readings: ReadingsRecord[];
  events: DeviceEventRecord[];
  rejections: RejectionRecord[];
  /** Refused, and of no organization we know: there is no inbox to put it in. */
  unattributed: RefusedPart[];
  /** What the dialect has to say to the devices. */
  downlinks?: Downlink[];
}

/** Bytes → records: finds the dialect, the device and its profile. Never throws; the same for bridge, replay and playback. */
export function decodeMessage(message: IncomingMessage, context: DecodeContext): DecodedMessage {
  const into: DecodedMessage = { readings: [], events: [], rejections: [], unattributed: [] };
  const dialect = dialectOf(message);
  const parts = dialect?.decode(message, context) ?? null;
  const source = dialect?.name ?? 'mqtt';
  if (parts) for (const part of parts) attribute(part, source, message, context, into);
  else refuse(wholeMessage(message.payload, 'UNKNOWN_TOPIC', UNREAD_TOPIC), source, message, context.sender, context, into);
  return into;
}

/** Refuses a message that could not be read at all, in the inbox of whoever sent it. */
export function refuseMessage(topic: string, part: RefusedPart, context: DecodeContext): DecodedMessage {
  const into: DecodedMessage = { readings: [], events: [], rejections: [], unattributed: [] };
  const dialect = dialectOf({ topic, payload: NOTHING });
  const device = context.sender ?? dialect?.deviceOf({ topic }, context) ?? null;
  refuse(part, dialect?.name ?? 'mqtt', { topic, payload: NOTHING }, device, context, into);
  return into;
}

/**
 * A dead letter through the pipeline again, now. Undated readings keep the instant at which they first came, so that
 * repeating it is harmless; readings of a while ago are late, as they should be.
 */
export function decodeDeadLetter(
  letter: RejectionRecord,
  organizationKey: string,
  context: Omit<DecodeContext, 'sender' | 'memory'>,
): DecodedMessage {
  const into: DecodedMessage = { readings: [], events: [], rejections: [], unattributed: [] };
  const message = { topic: letter.topic ?? '', payload: Buffer.from(letter.payload, letter.encoding === 'BASE64' ? 'base64' : 'utf8') };
  const device = letter.deviceKey === null ? null : { organizationKey, deviceKey: letter.deviceKey };
  let parts: DialectPart[] | null = null;
  if (device && (letter.topic === null || SHOWN_AS_OURS.has(letter.reason))) {
    parts = [partOf(device, decodePulse(message.payload, { deviceKey: device.deviceKey, receivedAtUs: letter.receivedAtUs }))];
  } else if (letter.topic !== null) {
    // Some topics name nobody: then it is from whoever sent it at first.
    const first = {
      registry: context.registry,
      rawRetentionDays: context.rawRetentionDays,
      sender: device,
      receivedAtUs: letter.receivedAtUs,
    };
    parts = dialectOf(message)?.decode(message, first) ?? null;
  }
  if (parts === null) {
    into.rejections.push(letter);
    return into;
  }
  for (const part of parts) {
    for (const reading of part.readings) reading.recordedAtUs ??= letter.receivedAtUs;
    attribute(part, letter.source, { ...message, topic: letter.topic }, { ...context, sender: null }, into);
  }
  return into;
}

/** A reading that was understood and then refused is kept in our own form, whatever it came in. */
const SHOWN_AS_OURS: ReadonlySet<RejectionReason> = new Set([
  'UNKNOWN_METRIC',
  'WRONG_TYPE',
  'UNIT_MISMATCH',
  'IMPLAUSIBLE',
  'IN_THE_FUTURE',
  'TOO_OLD',
]);
const NOTHING = new Uint8Array();
const UNREAD_TOPIC = 'The topic is none that devices publish to.';

type Attributable = Pick<IncomingMessage, 'payload'> & { topic: string | null };

function attribute(part: DialectPart, source: string, message: Attributable, context: DecodeContext, into: DecodedMessage): void {
  const { registry, receivedAtUs, sender } = context;
  if (sender && (part.device.deviceKey !== sender.deviceKey || part.device.organizationKey !== sender.organizationKey)) {
    const detail = `${sender.organizationKey}/${sender.deviceKey} may publish below ${deviceTopicPrefix(sender)} only.`;
    return refuse(wholeMessage(message.payload, 'FORBIDDEN_TOPIC', detail), source, message, sender, context, into);
  }
  const organization = registry.organizationByKey(part.device.organizationKey);
  const device = organization && registry.deviceByKey(organization.id, part.device.deviceKey);
  const profile = device && registry.profile(device.profileId);
  if (!profile || device.lifecycle !== 'ACTIVE') {
    const detail = `No active device ${part.device.organizationKey}/${part.device.deviceKey} is registered.`;
    return refuse(wholeMessage(message.payload, 'UNKNOWN_DEVICE', detail), source, message, part.device, context, into);
  }
  const origin = { source, topic: message.topic };
  const { refused } = recordReadings(part, { device, profile }, context, into);
  for (const one of refused) into.rejections.push(rejectionRecord(one, organization.id, device, origin, receivedAtUs));
  if (part.downlinks) (into.downlinks ??= []).push(...part.downlinks);
  for (const event of part.events) into.events.push({ ...head(device, receivedAtUs), ...event } as DeviceEventRecord);
}

/** A device with what must be known to judge its readings. */
export interface KnownDevice {
  device: DeviceEntry;
  profile: ProfileEntry;
}

export interface Origin {
  source: string;
  topic: string | null;
}

/** Validates what a dialect read; puts the good readings and new labels into `into` and returns what was refused, in order. */
export function recordReadings(
  decoded: DecodedReadings,
  { device, profile }: KnownDevice,
  { receivedAtUs, rawRetentionDays }: Pick<DecodeContext, 'receivedAtUs' | 'rawRetentionDays'>,
  into: Pick<DecodedMessage, 'readings' | 'events'>,
): { accepted: number; refused: RefusedPart[] } {
  let { refused } = decoded;
  let accepted = 0;
  if (decoded.readings.length > 0) {
    const valid = validateReadings(decoded.readings, { profile, receivedAtUs, rawRetentionDays });
    accepted = valid.readings.length;
    if (accepted > 0) {
      const { id: deviceId, organizationId, key: deviceKey } = device;
      into.readings.push({ type: 'readings', organizationId, deviceId, deviceKey, receivedAtUs, readings: valid.readings });
    }
    if (valid.refused.length > 0) refused = [...refused, ...valid.refused].sort((a, b) => a.index - b.index);
  }
  const labels = decoded.labels.filter(({ key, value }) => !device.labels.some((known) => known.key === key && known.value === value));
  if (labels.length > 0) into.events.push(labelsEvent(device, labels, receivedAtUs));
  return { accepted, refused };
}

function head({ id: deviceId, organizationId, key: deviceKey }: DeviceEntry, receivedAtUs: number) {
  return { type: 'device-event' as const, organizationId, deviceId, deviceKey, receivedAtUs };
}

function labelsEvent(device: DeviceEntry, labels: Label[], receivedAtUs: number): DeviceEventRecord {
  return { ...head(device, receivedAtUs), event: 'labels', labels };
}

export function rejectionRecord(
  { reason, detail, payload, encoding }: RefusedPart,
  organizationId: string,
  device: { id: string | null; key: string } | null,
  { source, topic }: Origin,
  receivedAtUs: number,
): RejectionRecord {
  return {
    type: 'rejection',
    organizationId,
    source,
    topic,
    deviceKey: device?.key ?? null,
    deviceId: device?.id ?? null,
    reason,
    detail,
    payload,
    encoding,
    receivedAtUs,
  };
}

/** Refuses a message as a whole, in the inbox of the organization that it names or that sent it. */
function refuse(
  part: RefusedPart,
  source: string,
  { topic }: Attributable,
  address: DeviceAddress | null,
  context: DecodeContext,
  into: DecodedMessage,
): void {
  const organization = address && context.registry.organizationByKey(address.organizationKey);
  if (!organization) return void into.unattributed.push(part);
  const known = context.registry.deviceByKey(organization.id, address.deviceKey);
  const device = { id: known?.id ?? null, key: address.deviceKey };
  into.rejections.push(rejectionRecord(part, organization.id, device, { source, topic }, context.receivedAtUs));
}
