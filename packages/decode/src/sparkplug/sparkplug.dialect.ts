import { ReadingFlag, type DeviceAddress } from '@pulsegraph/contracts';
import { Collector } from '../collector.js';
import { isOwn, partOf, type DecodeContext, type Dialect, type DialectPart } from '../dialect.js';
import { MAX_MESSAGE_BYTES, MAX_READINGS_PER_MESSAGE } from '../limits.js';
import { tooLarge, wholeMessage } from '../payload.js';
import { short } from '../refusal.js';
import { metricValue, isDoubtful } from './metric-value.js';
import { SparkplugNode } from './node.js';
import { countMetrics, decodePayload, rebirthRequest, type SparkplugMetric, type SparkplugPayload } from './payload.js';

export const SPARKPLUG_NAMESPACE = 'spBv1.0';
/** namespace / group / type / edge node / device */
const TOPIC = /^spBv1\.0\/([^/]+)\/([ND](?:BIRTH|DEATH|DATA|CMD))\/([^/]+)(?:\/([^/]+))?$/;
const CONTROL = /^(?:bdSeq$|Node Control\/|Device Control\/)/;
/** A node is asked once, and again when it does not answer. */
const ASK_AGAIN_US = 10_000_000;

/**
 * Sparkplug B 3.0. The group is the organization, the edge node is the device; metrics of the devices behind it carry
 * their name in front, because they sign in as nobody: `pump-1/temperature`.
 */
export const sparkplugDialect: Dialect = {
  name: SPARKPLUG_NAMESPACE,
  reads: ({ topic }) => topic.startsWith(`${SPARKPLUG_NAMESPACE}/`),
  deviceOf: ({ topic }) => address(TOPIC.exec(topic)),
  decode({ topic, payload }, context) {
    const match = TOPIC.exec(topic);
    const device = address(match);
    if (!match || !device) return null;
    // Nothing of a foreign message is learned; it is refused as such.
    return [isOwn(context, device) ? decode(device, match[2]!, match[4] ?? null, payload, context) : partOf(device)];
  },
};

function address(match: RegExpExecArray | null): DeviceAddress | null {
  return match && { organizationKey: match[1]!, deviceKey: match[3]! };
}

function decode(device: DeviceAddress, type: string, child: string | null, bytes: Uint8Array, context: DecodeContext): DialectPart {
  const refuse = (detail: string) => partOf(device, { refused: [wholeMessage(bytes, 'MALFORMED', detail)] });
  if (type.endsWith('CMD')) return refuse('Commands are for hosts to give, not for nodes.');
  if ((type[0] === 'D') !== (child !== null)) return refuse(`${type} needs ${child === null ? 'a' : 'no'} device in its topic.`);
  if (bytes.length > MAX_MESSAGE_BYTES) return partOf(device, { refused: [tooLarge(bytes, bytes.length)] });
  let payload: SparkplugPayload;
  try {
    if (countMetrics(bytes) > MAX_READINGS_PER_MESSAGE) {
      const detail = `More than ${MAX_READINGS_PER_MESSAGE} metrics in one message.`;
      return partOf(device, { refused: [wholeMessage(bytes, 'TOO_LARGE', detail)] });
    }
    payload = decodePayload(bytes);
  } catch (error) {
    return refuse(short(`No Sparkplug payload: ${(error as Error).message}.`, 200));
  }

  const key = `sparkplug ${device.organizationKey}/${device.deviceKey}`;
  const node = context.memory?.get<SparkplugNode>(key) ?? new SparkplugNode();
  const seq = payload.seq?.toNumber();
  switch (type) {
    case 'NDEATH':
      if (!node.dies(bdSeqOf(payload))) return partOf(device);
      context.memory?.set(key, node, node.size);
      return partOf(device, { events: [{ event: 'status', online: false }] });
    case 'DDEATH':
      node.follows(seq);
      node.forget(child!);
      break;
    case 'NBIRTH':
      node.isBorn(seq, bdSeqOf(payload));
      node.learn(null, payload.metrics);
      break;
    case 'DBIRTH':
      node.follows(seq);
      node.forget(child!);
      node.learn(child!, payload.metrics);
      break;
    default:
      node.follows(seq);
  }
  const part = type === 'DDEATH' ? partOf(device) : readingsOf(device, child, payload, node, bytes, context);
  if (type === 'NBIRTH') part.events.push({ event: 'status', online: true });
  if (node.needsRebirth && context.memory && context.receivedAtUs - node.askedAtUs >= ASK_AGAIN_US) {
    node.askedAtUs = context.receivedAtUs;
    const topic = `${SPARKPLUG_NAMESPACE}/${device.organizationKey}/NCMD/${device.deviceKey}`;
    part.downlinks = [{ topic, payload: rebirthRequest(Math.floor(context.receivedAtUs / 1000)) }];
  }
  context.memory?.set(key, node, node.size);
  return part;
}

function bdSeqOf({ metrics }: SparkplugPayload): string | null {
  const metric = metrics.find(({ name }) => name === 'bdSeq');
  return metric?.longValue?.toString() ?? metric?.intValue?.toString() ?? null;
}

function readingsOf(
  device: DeviceAddress,
  child: string | null,
  payload: SparkplugPayload,
  node: SparkplugNode,
  bytes: Uint8Array,
  { receivedAtUs }: DecodeContext,
): DialectPart {
  const into = new Collector(receivedAtUs);
  const part = partOf(device, { readings: into.readings, refused: into.refused });
  payload.metrics.forEach((metric, i) => {
    const known = metric.alias === undefined ? undefined : node.byAlias(metric.alias.toString());
    const name = metric.name ?? known?.name;
    if (name === undefined) {
      node.needsRebirth = true;
      const detail = `[${i}] alias ${metric.alias?.toString() ?? '(none)'} stands for no metric of a birth; the node is asked for one.`;
      into.refuse({ reason: 'MALFORMED', detail, payload: `alias ${metric.alias?.toString() ?? '(none)'}` });
      return;
    }
    // Null says that there is no value; control metrics are no measurements.
    if (metric.isNull || CONTROL.test(name)) return;
    take(metric, child === null ? name : `${child}/${name}`, metric.datatype ?? known?.datatype, payload, into);
  });
  return bytes.length > 0 ? part : partOf(device, { refused: [wholeMessage(bytes, 'MALFORMED', 'The payload is empty.')] });
}

function take(metric: SparkplugMetric, name: string, datatype: number | undefined, payload: SparkplugPayload, into: Collector): void {
  const instantMs = (metric.timestamp ?? payload.timestamp)?.toNumber();
  const recordedAtUs = instantMs === undefined ? null : instantMs * 1000;
  if (recordedAtUs !== null && !Number.isSafeInteger(recordedAtUs)) {
    return into.refuse({ reason: 'MALFORMED', detail: `${short(name)} has a time beyond all calendars.`, payload: short(name) });
  }
  const value = metricValue(metric, datatype);
  if (value === undefined) {
    const detail = `${short(name)} is of the Sparkplug type ${datatype ?? '(none)'}, or holds no value of it; no metric keeps that.`;
    return into.refuse({ reason: 'WRONG_TYPE', detail, payload: short(name) });
  }
  const before = into.readings.length;
  into.take('', name, value, recordedAtUs, null);
  if (into.readings.length === before) return;
  if (metric.isHistorical) into.readings[before]!.flags |= ReadingFlag.HISTORICAL;
  if (isDoubtful(metric)) into.readings[before]!.flags |= ReadingFlag.SUSPECT;
}
