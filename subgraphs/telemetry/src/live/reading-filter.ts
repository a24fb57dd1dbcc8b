import type { StoredReadings } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';

/** Ids are checked to be the organization's own. Undefined means any. */
export interface ReadingCriteria {
  deviceIds?: readonly string[];
  /** With everything below it. */
  assetId?: string;
  patientId?: string;
  profileId?: string;
  metrics?: readonly string[];
}

/** Picks of a message what a subscriber asked for; null when that is nothing. */
export type ReadingFilter = (stored: StoredReadings) => StoredReadings | null;

export function createReadingFilter(criteria: ReadingCriteria, projection: RegistryProjection): ReadingFilter {
  const devices = criteria.deviceIds && new Set(criteria.deviceIds);
  const metrics = criteria.metrics && new Set(criteria.metrics);
  const { assetId, patientId, profileId } = criteria;
  return (stored) => {
    const { deviceId } = stored;
    if (devices && !devices.has(deviceId)) return null;
    if (profileId !== undefined && projection.device(deviceId)?.profileId !== profileId) return null;
    let { readings } = stored;
    if (metrics) readings = pick(readings, ({ metric }) => metrics.has(metric));
    // A reading belongs to where its device was when it was recorded, not to where it is now.
    if (assetId !== undefined) {
      readings = pick(readings, ({ recordedAtUs }) => {
        const asset = projection.assetOf(deviceId, recordedAtUs / 1000);
        return asset !== null && projection.isWithin(asset, assetId);
      });
    }
    if (patientId !== undefined)
      readings = pick(readings, ({ recordedAtUs }) => projection.patientOf(deviceId, recordedAtUs / 1000) === patientId);
    if (readings.length === 0) return null;
    return readings === stored.readings ? stored : { ...stored, readings };
  };
}

/** The list itself when all of it fits, which is the rule. */
function pick<T>(list: T[], fits: (item: T) => boolean): T[] {
  return list.every(fits) ? list : list.filter(fits);
}
