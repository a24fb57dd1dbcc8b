import {
  DEVICE_KEY,
  ORGANIZATION_KEY,
  TOPIC_PREFIX,
  UPLINK_KINDS,
  parseDeviceTopic,
  type DeviceAddress,
  type DeviceTopic,
} from '@pulsegraph/contracts';
import { partOf, type Dialect, type DialectPart } from '../dialect.js';
import { wholeMessage } from '../payload.js';
import { decodeDeviceEvent, type EventTopic } from './device-event.js';
import { decodePulse } from './readings.js';

const MAX_REMEMBERED = 20_000;
const remembered = new Map<string, DeviceTopic | null>();

/** A device uses the same few topics all its life, and parsing one costs as much as decoding a reading. */
export function parseRemembered(topic: string): DeviceTopic | null {
  let parsed = remembered.get(topic);
  if (parsed === undefined) {
    parsed = parseDeviceTopic(topic);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(topic, parsed);
  }
  return parsed;
}

const PREFIX = `${TOPIC_PREFIX}/`;
const OTHER_ENCODING = /\/readings\/(?:influx|senml)$/;

/** Our own dialect, as docs describe it. */
export const pulseDialect: Dialect = {
  name: TOPIC_PREFIX,
  reads: ({ topic }) => topic.startsWith(PREFIX) && (topic.endsWith('/readings') || !OTHER_ENCODING.test(topic)),
  deviceOf: ({ topic }) => parseRemembered(topic) ?? addressIn(topic),
  decode({ topic, payload }, { receivedAtUs }): DialectPart[] | null {
    const device = parseRemembered(topic);
    if (device?.kind === 'readings') {
      const { readings, labels, refused } = decodePulse(payload, { deviceKey: device.deviceKey, receivedAtUs });
      return [{ device, readings, labels, refused, events: NO_EVENTS }];
    }
    if (!device || !UPLINK_KINDS.has(device.kind)) {
      const address = device ?? addressIn(topic);
      const detail = 'The topic is none that devices publish to.';
      return address && [partOf(address, { refused: [wholeMessage(payload, 'UNKNOWN_TOPIC', detail)] })];
    }
    const event = decodeDeviceEvent(device as EventTopic, payload);
    return [partOf(device, 'reason' in event ? { refused: [event] } : { events: [event] })];
  },
};

/** The device that an otherwise unknown topic names. */
function addressIn(topic: string): DeviceAddress | null {
  const [, , organizationKey = '', deviceKey = '', suffix] = topic.split('/', 5);
  return suffix !== undefined && ORGANIZATION_KEY.test(organizationKey) && DEVICE_KEY.test(deviceKey)
    ? { organizationKey, deviceKey }
    : null;
}

const NO_EVENTS: DialectPart['events'] = [];
