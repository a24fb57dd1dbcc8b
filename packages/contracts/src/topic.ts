import { DEVICE_KEY, ORGANIZATION_KEY } from './ids.js';

/** First levels of our own MQTT dialect. */
export const TOPIC_PREFIX = 'pulse/v1';

export interface DeviceAddress {
  organizationKey: string;
  deviceKey: string;
}

export type DeviceTopic = DeviceAddress &
  (
    | { kind: 'readings' | 'status' | 'twin-reported' | 'twin-desired' | 'firmware' | 'firmware-progress' }
    | { kind: 'command' | 'command-result'; commandId: string }
  );

/** Everything below this belongs to one device; its credential opens nothing else. */
export function deviceTopicPrefix({ organizationKey, deviceKey }: DeviceAddress): string {
  return `${TOPIC_PREFIX}/${organizationKey}/${deviceKey}/`;
}

const SUFFIXES = {
  readings: 'readings',
  status: 'status',
  'twin-reported': 'twin/reported',
  'twin-desired': 'twin/desired',
  firmware: 'firmware',
  'firmware-progress': 'firmware/progress',
} as const;
type FixedKind = keyof typeof SUFFIXES;
const KIND_BY_SUFFIX = new Map(Object.entries(SUFFIXES).map(([kind, suffix]) => [suffix as string, kind as FixedKind]));

/** What devices may publish; the rest is for the platform to say. */
export const UPLINK_KINDS: ReadonlySet<DeviceTopic['kind']> = new Set([
  'readings',
  'status',
  'twin-reported',
  'command-result',
  'firmware-progress',
]);

export function deviceTopic(topic: DeviceTopic): string {
  const prefix = deviceTopicPrefix(topic);
  if (topic.kind === 'command') return `${prefix}commands/${topic.commandId}`;
  if (topic.kind === 'command-result') return `${prefix}commands/${topic.commandId}/result`;
  return prefix + SUFFIXES[topic.kind];
}

/** Null for anything that is not exactly one of our topics. */
export function parseDeviceTopic(topic: string): DeviceTopic | null {
  const [first, version, organizationKey, deviceKey, ...rest] = topic.split('/');
  if (`${first}/${version}` !== TOPIC_PREFIX || !organizationKey || !deviceKey) return null;
  if (!ORGANIZATION_KEY.test(organizationKey) || !DEVICE_KEY.test(deviceKey)) return null;
  const address = { organizationKey, deviceKey };
  const kind = KIND_BY_SUFFIX.get(rest.join('/'));
  if (kind) return { ...address, kind };
  const [commands, commandId, result] = rest;
  if (commands !== 'commands' || !commandId) return null;
  if (rest.length === 2) return { ...address, kind: 'command', commandId };
  return rest.length === 3 && result === 'result' ? { ...address, kind: 'command-result', commandId } : null;
}

/** MQTT user name of a device: `{organization}/{device}`. */
export function mqttUsername({ organizationKey, deviceKey }: DeviceAddress): string {
  return `${organizationKey}/${deviceKey}`;
}
