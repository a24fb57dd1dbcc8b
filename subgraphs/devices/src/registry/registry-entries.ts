import type { DeviceEntry, RegistryChange, RegistryEntries, RegistryKind } from '@pulsegraph/contracts';
import type { Asset } from '../asset/asset.entity.js';
import type { Assignment } from '../assignment/assignment.entity.js';
import type { Credential } from '../credential/credential.entity.js';
import type { Device } from '../device/device.entity.js';
import type { DevicePresence } from '../device/device-presence.entity.js';
import type { Patient } from '../patient/patient.entity.js';
import type { DeviceProfile } from '../profile/profile.entity.js';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A change that has no revision yet, because it is not committed. */
export type RegistryDraft = DistributiveOmit<RegistryChange, 'revision'>;

const draft = <K extends RegistryKind>(kind: K, id: string, organizationId: string, value: RegistryEntries[K] | null) =>
  ({ kind, id, organizationId, value }) as RegistryDraft;

/** How rows look to the other processes. Personal data of patients is not among it. */
export const registryEntry = {
  organization: (id: string, key: string) => draft('organization', id, id, { id, key }),

  profile: ({ id, organizationId, key, name, offlineAfterMs, lateAfterMs, metrics }: DeviceProfile) =>
    draft('profile', id, organizationId, {
      id,
      organizationId,
      key,
      name,
      offlineAfterMs,
      lateAfterMs,
      metrics: metrics.map((metric) => ({
        metric: metric.metric,
        name: metric.name,
        kind: metric.kind,
        values: metric.values,
        unit: metric.unit,
        normalMin: metric.normalMin,
        normalMax: metric.normalMax,
        alertMin: metric.alertMin,
        alertMax: metric.alertMax,
        plausibleMin: metric.plausibleMin,
        plausibleMax: metric.plausibleMax,
        expectedIntervalMs: metric.expectedIntervalMs,
      })),
    }),

  asset: ({ id, organizationId, parentId, name }: Asset) => draft('asset', id, organizationId, { id, organizationId, parentId, name }),

  device: ({ id, organizationId, key, name, profileId, lifecycle, labels }: Omit<DeviceEntry, 'lifecycle'> & Pick<Device, 'lifecycle'>) =>
    draft('device', id, organizationId, { id, organizationId, key, name, profileId, lifecycle, labels }),

  patient: ({ id, organizationId, bedId, spo2Scale, dischargedAt }: Patient) =>
    draft('patient', id, organizationId, { id, organizationId, bedId, spo2Scale, dischargedAtMs: dischargedAt?.getTime() ?? null }),

  assignment: ({ id, organizationId, deviceId, assetId, patientId, fromAt, toAt }: Assignment) =>
    draft('assignment', id, organizationId, {
      id,
      organizationId,
      deviceId,
      assetId,
      patientId,
      fromMs: fromAt.getTime(),
      toMs: toAt?.getTime() ?? null,
    }),

  credential: ({ id, organizationId, deviceId, username, tokenHash, validUntil }: Credential) =>
    draft('credential', id, organizationId, {
      id,
      organizationId,
      deviceId,
      username,
      tokenHash,
      validUntilMs: validUntil?.getTime() ?? null,
    }),

  connectivity: ({
    deviceId,
    organizationId,
    connectivity,
    since,
  }: Pick<DevicePresence, 'deviceId' | 'organizationId' | 'connectivity' | 'since'>) =>
    draft('connectivity', deviceId, organizationId, { deviceId, organizationId, connectivity, sinceMs: since.getTime() }),

  gone: (kind: RegistryKind, id: string, organizationId: string) => draft(kind, id, organizationId, null),
};
