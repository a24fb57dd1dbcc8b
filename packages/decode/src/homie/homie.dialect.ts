import type { DeviceAddress } from '@pulsegraph/contracts';
import { Collector } from '../collector.js';
import { isOwn, partOf, type DecodeContext, type Dialect, type DialectPart } from '../dialect.js';
import { readText, wholeMessage } from '../payload.js';
import { short } from '../refusal.js';
import { learnDescription, valueOf, type Properties } from './property.js';

/** domain / 5 / device / rest */
const TOPIC = /^([^/$]+)\/5\/([^/$]+)\/(.+)$/;
/** The domain that devices use unless they are told another. Then it must be the organization's key. */
const DEFAULT_DOMAIN = 'homie';
const ONLINE: Readonly<Record<string, boolean | null>> = {
  ready: true,
  init: null,
  // Asleep is not gone: silence limits judge it.
  sleeping: null,
  disconnected: false,
  lost: false,
};

/** Homie 5, https://homieiot.github.io/specification/. Property `node/property` is the metric of that name. */
export const homieDialect: Dialect = {
  name: 'homie',
  reads: ({ topic }) => TOPIC.test(topic),
  deviceOf: ({ topic }, { sender }) => address(TOPIC.exec(topic), sender),
  decode({ topic, payload }, context) {
    const match = TOPIC.exec(topic);
    const device = address(match, context.sender);
    if (!match || !device) return null;
    // Nothing of a foreign message is learned; it is refused as such.
    return [isOwn(context, device) ? decode(device, match[3]!, payload, context) : partOf(device)];
  },
};

function address(match: RegExpExecArray | null, sender: DeviceAddress | null): DeviceAddress | null {
  if (!match) return null;
  const [, domain = '', deviceKey = ''] = match;
  if (domain !== DEFAULT_DOMAIN) return { organizationKey: domain, deviceKey };
  return sender && { organizationKey: sender.organizationKey, deviceKey };
}

function decode(device: DeviceAddress, rest: string, payload: Uint8Array, context: DecodeContext): DialectPart {
  const text = readText(payload);
  if (typeof text !== 'string') return partOf(device, { refused: [text] });
  const key = `homie ${device.organizationKey}/${device.deviceKey}`;
  if (rest === '$state') return state(device, text, payload);
  if (rest === '$description') {
    const properties = learnDescription(text);
    if (typeof properties === 'string') return partOf(device, { refused: [wholeMessage(payload, 'MALFORMED', properties)] });
    context.memory?.set(key, properties, properties.size);
    return partOf(device);
  }
  const [node, property, suffix, ...more] = rest.split('/');
  // Logs, alerts, targets and commands are told to controllers; none of them is a reading.
  if (node!.startsWith('$') || suffix === '$target' || suffix === 'set') return partOf(device);
  if (!property || suffix !== undefined || more.length > 0)
    return partOf(device, { refused: [wholeMessage(payload, 'UNKNOWN_TOPIC', 'No topic of a Homie device ends so.')] });
  // A value that was taken back.
  if (payload.length === 0) return partOf(device);

  const metric = `${node}/${property}`;
  const known = context.memory?.get<Properties>(key)?.get(metric);
  const value = valueOf(text, known?.datatype);
  if (value === undefined) {
    const detail = `${short(metric)} is described as ${known!.datatype}; "${short(text)}" is none.`;
    return partOf(device, { refused: [wholeMessage(payload, 'MALFORMED', detail)] });
  }
  const into = new Collector(context.receivedAtUs);
  into.take('', metric, value, null, typeof value === 'number' ? (known?.unit ?? null) : null);
  return partOf(device, { readings: into.readings, refused: into.refused });
}

function state(device: DeviceAddress, text: string, payload: Uint8Array): DialectPart {
  // Empty: the device is removed from the broker, not from here.
  if (text === '') return partOf(device, { events: [{ event: 'status', online: false }] });
  const online = Object.hasOwn(ONLINE, text) ? ONLINE[text] : undefined;
  if (online === undefined) {
    const detail = `A state is one of ${Object.keys(ONLINE).join(', ')}, not "${short(text)}".`;
    return partOf(device, { refused: [wholeMessage(payload, 'MALFORMED', detail)] });
  }
  return partOf(device, online === null ? {} : { events: [{ event: 'status', online }] });
}

/** The topic on which this device says how it is, and where its will stands. */
export function isHomieState(topic: string, { organizationKey, deviceKey }: DeviceAddress): boolean {
  return [DEFAULT_DOMAIN, organizationKey].some((domain) => topic === `${domain}/5/${deviceKey}/$state`);
}
