import type { DeviceEntry } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';

/** Which devices a rule watches: all that fit every field that is set. At least one is. */
export interface RuleTarget {
  deviceIds: string[] | null;
  profileId: string | null;
  /** The asset or anything below it. */
  assetId: string | null;
  /** Every label with this value. */
  labels: Record<string, string> | null;
}

export function isTarget(target: RuleTarget, device: DeviceEntry, registry: RegistryProjection, nowMs: number): boolean {
  if (device.lifecycle !== 'ACTIVE') return false;
  if (target.deviceIds && !target.deviceIds.includes(device.id)) return false;
  if (target.profileId && device.profileId !== target.profileId) return false;
  if (target.labels && !hasLabels(device, target.labels)) return false;
  if (!target.assetId) return true;
  const assetId = registry.assetOf(device.id, nowMs);
  return assetId !== null && registry.isWithin(assetId, target.assetId);
}

function hasLabels(device: DeviceEntry, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([key, value]) => device.labels.some((label) => label.key === key && label.value === value));
}

/** Devices of the organization that the rule watches now. */
export function* devicesOf(
  target: RuleTarget,
  organizationId: string,
  registry: RegistryProjection,
  nowMs: number,
): Generator<DeviceEntry, void, undefined> {
  for (const device of registry.devicesOf(organizationId)) {
    if (isTarget(target, device, registry, nowMs)) yield device;
  }
}
