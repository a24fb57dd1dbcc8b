import type { DeviceEventRecord, ReadingsRecord, RecordedReading, RejectionRecord } from '@pulsegraph/contracts';
import { TEST_DEVICE } from './registry.builder.js';
import { TEST_ORGANIZATION } from './viewer.builder.js';

/** 2026-11-20T12:00:00Z, microseconds. Fixed, so that a failure repeats. */
export const TEST_NOW_US = 1_795_176_000_000_000;

export function aReading(over: Partial<RecordedReading> = {}): RecordedReading {
  return { metric: 'temperature', kind: 'NUMBER', unit: 'Cel', recordedAtUs: TEST_NOW_US, value: 21.5, text: null, flags: 0, ...over };
}

export function aReadingsRecord(over: Partial<ReadingsRecord> = {}): ReadingsRecord {
  return {
    type: 'readings',
    organizationId: TEST_ORGANIZATION.id,
    deviceId: TEST_DEVICE.id,
    deviceKey: TEST_DEVICE.key,
    receivedAtUs: TEST_NOW_US + 1_000,
    readings: [aReading()],
    ...over,
  };
}

export function aRejectionRecord(over: Partial<RejectionRecord> = {}): RejectionRecord {
  return {
    type: 'rejection',
    organizationId: TEST_ORGANIZATION.id,
    source: 'pulse/v1',
    topic: `pulse/v1/${TEST_ORGANIZATION.key}/${TEST_DEVICE.key}/readings`,
    deviceKey: TEST_DEVICE.key,
    deviceId: TEST_DEVICE.id,
    reason: 'MALFORMED',
    detail: 'The payload is not JSON: unexpected end at byte 12.',
    payload: '{"values": {',
    encoding: 'UTF8',
    receivedAtUs: TEST_NOW_US,
    ...over,
  };
}

export function aStatusRecord(online: boolean, over: Partial<Omit<DeviceEventRecord, 'type' | 'event'>> = {}): DeviceEventRecord {
  return {
    type: 'device-event',
    event: 'status',
    online,
    organizationId: TEST_ORGANIZATION.id,
    deviceId: TEST_DEVICE.id,
    deviceKey: TEST_DEVICE.key,
    receivedAtUs: TEST_NOW_US,
    ...over,
  };
}
