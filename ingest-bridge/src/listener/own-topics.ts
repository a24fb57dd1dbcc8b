import { UPLINK_KINDS, parseDeviceTopic } from '@pulsegraph/contracts';
import { SPARKPLUG_NAMESPACE, isHomieState } from '@pulsegraph/decode';
import type { Identity } from './device-connection.js';

/** Wills that a dialect knows what to do with, of the device itself. Other messages are judged where they are decoded. */
export function mayPublishWill({ prefix, address }: Identity, topic: string): boolean {
  const { organizationKey, deviceKey } = address;
  if (topic === `${SPARKPLUG_NAMESPACE}/${organizationKey}/NDEATH/${deviceKey}`) return true;
  if (isHomieState(topic, address)) return true;
  const kind = topic.startsWith(prefix) && parseDeviceTopic(topic)?.kind;
  return kind !== false && kind !== undefined && UPLINK_KINDS.has(kind);
}

/** ThingsBoard's clients insist on these. Nothing is ever published there, so sharing them between devices shows nothing. */
const SILENT = new Set([
  'v1/devices/me/attributes',
  'v1/devices/me/attributes/response/+',
  'v1/devices/me/rpc/request/+',
  'v2/a',
  'v2/a/res/+',
  'v2/r/req/+',
]);

/** Anything below the own prefix, except what only the device itself says: nothing would ever come. */
export function maySubscribe({ prefix, address }: Identity, filter: string): boolean {
  if (SILENT.has(filter)) return true;
  const { organizationKey, deviceKey } = address;
  if (filter === `${SPARKPLUG_NAMESPACE}/${organizationKey}/NCMD/${deviceKey}`) return true;
  if (filter.startsWith(`${SPARKPLUG_NAMESPACE}/${organizationKey}/DCMD/${deviceKey}/`)) return true;
  if (!filter.startsWith(prefix)) return false;
  const topic = parseDeviceTopic(filter);
  return topic === null || topic.kind === 'status' || !UPLINK_KINDS.has(topic.kind);
}
