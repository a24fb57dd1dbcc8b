import type { Connectivity } from '@pulsegraph/contracts';
import type { DeviceLifecycle, Label } from '../device/device.entity.js';
import type { DeviceFacts } from './device-facts.js';

/** A DeviceFilter with its default applied: absent and null mean "any", but lifecycle is ACTIVE unless null is said. */
export interface DeviceCriteria {
  ids?: readonly string[] | null;
  search?: string | null;
  profileId?: string | null;
  assetId?: string | null;
  patientId?: string | null;
  connectivity?: Connectivity | null;
  labels?: readonly Label[] | null;
  lifecycle?: DeviceLifecycle | null;
}

/** The same question as device-list.repository.ts asks in SQL, over the facts of one moment. */
export function matches(criteria: DeviceCriteria, deviceId: string, facts: DeviceFacts): boolean {
  const { ids, search, profileId, assetId, patientId, connectivity, labels, lifecycle } = criteria;
  if (ids && !ids.includes(deviceId)) return false;
  if (lifecycle && facts.lifecycle !== lifecycle) return false;
  if (profileId && facts.profileId !== profileId) return false;
  if (connectivity && facts.connectivity !== connectivity) return false;
  if (assetId && !facts.assetPath.includes(assetId)) return false;
  if (patientId && facts.patientId !== patientId) return false;
  if (labels?.some(({ key, value }) => !facts.labels.some((label) => label.key === key && label.value === value))) return false;
  if (!search) return true;
  const wanted = search.toLowerCase();
  return facts.name.toLowerCase().includes(wanted) || facts.key.toLowerCase().includes(wanted);
}
