import { silenceLimitMs, type DeviceEntry } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';

/** A value is taken to hold for three intervals of its metric, and no less than this. */
const SHORTEST_HOLD_US = 5_000_000;

export function freshUsOf(device: DeviceEntry, metric: string, registry: RegistryProjection): number {
  return Math.max(SHORTEST_HOLD_US, 3_000 * (registry.metric(device, metric)?.expectedIntervalMs ?? 0));
}

/** Like a device that is offline: silent for longer than its profile allows, and than three of the metric's intervals. */
export function missingAfterUsOf(device: DeviceEntry, metric: string, registry: RegistryProjection): number {
  const offlineAfterMs = registry.profile(device.profileId)?.offlineAfterMs ?? 0;
  const shortestExpectedIntervalMs = registry.metric(device, metric)?.expectedIntervalMs ?? null;
  return 1_000 * silenceLimitMs({ offlineAfterMs, shortestExpectedIntervalMs });
}

/** Of the patient whom the device served then; 1 where there was none. */
export function spo2ScaleOf(deviceId: string, atUs: number, registry: RegistryProjection): 1 | 2 {
  const patientId = registry.patientOf(deviceId, atUs / 1_000);
  return (patientId !== null && registry.patient(patientId)?.spo2Scale) || 1;
}
