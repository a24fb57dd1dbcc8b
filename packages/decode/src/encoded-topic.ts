import { TOPIC_PREFIX, parseDeviceTopic, type DeviceAddress } from '@pulsegraph/contracts';

/** Another encoding of readings, below the device's own readings topic: whoever may publish those may publish these. */
export function encodedReadingsTopic(encoding: string) {
  const suffix = `/readings/${encoding}`;
  const prefix = `${TOPIC_PREFIX}/`;
  const matches = (topic: string) => topic.endsWith(suffix) && topic.startsWith(prefix);
  return {
    matches,
    deviceOf: (topic: string): DeviceAddress | null => {
      if (!matches(topic)) return null;
      const device = parseDeviceTopic(topic.slice(0, -encoding.length - 1));
      return device && { organizationKey: device.organizationKey, deviceKey: device.deviceKey };
    },
  };
}
