import type { Dialect } from '../dialect.js';
import { encodedReadingsTopic } from '../encoded-topic.js';
import { decodeSenml } from './senml.js';

const TOPIC = encodedReadingsTopic('senml');

/** SenML in JSON or CBOR on one topic: a pack tells by its first byte which it is. */
export const senmlDialect: Dialect = {
  name: 'senml',
  reads: ({ topic }) => TOPIC.matches(topic),
  deviceOf: ({ topic }) => TOPIC.deviceOf(topic),
  decode({ topic, payload }, { receivedAtUs }) {
    const device = TOPIC.deviceOf(topic);
    return device && [{ device, events: [], ...decodeSenml(payload, { deviceKey: device.deviceKey, receivedAtUs }) }];
  },
};
