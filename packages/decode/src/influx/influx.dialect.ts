import type { Dialect } from '../dialect.js';
import { encodedReadingsTopic } from '../encoded-topic.js';
import { decodeLineProtocol } from './line-protocol.js';

const TOPIC = encodedReadingsTopic('influx');
/** `telegraf/{device}/…`, where the sender is known: the topic names no organization. */
const TELEGRAF = /^telegraf\/([^/]+)(?:\/|$)/;

export const influxDialect: Dialect = {
  name: 'influx',
  reads: ({ topic }) => TOPIC.matches(topic) || TELEGRAF.test(topic),
  deviceOf({ topic }, { sender }) {
    const deviceKey = TELEGRAF.exec(topic)?.[1];
    if (deviceKey === undefined) return TOPIC.deviceOf(topic);
    return sender && { organizationKey: sender.organizationKey, deviceKey };
  },
  decode(message, context) {
    const device = influxDialect.deviceOf(message, context);
    return device && [{ device, events: [], ...decodeLineProtocol(message.payload, context.receivedAtUs) }];
  },
};
