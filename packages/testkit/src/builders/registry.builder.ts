import { createHash } from 'node:crypto';
import type {
  AssetEntry,
  AssignmentEntry,
  ConnectivityEntry,
  CredentialEntry,
  DeviceEntry,
  MetricEntry,
  OrganizationEntry,
  PatientEntry,
  ProfileEntry,
  RegistryEntries,
  RegistryKind,
} from '@pulsegraph/contracts';
import { TEST_ORGANIZATION } from './viewer.builder.js';

const id = (suffix: string) => `0190a000-0000-7000-8000-${suffix.padStart(12, '0')}`;

/** Ids that builders use unless told otherwise. */
export const TEST_DEVICE = { id: id('d1'), key: 'device-001', token: 'token-of-device-001' } as const;
export const TEST_PROFILE_ID = id('f1');
export const TEST_ASSET_ID = id('5e1');
export const TEST_BED_ID = id('bed1');
export const TEST_PATIENT_ID = id('ca11');

const organizationId = TEST_ORGANIZATION.id;

export function anOrganizationEntry(over: Partial<OrganizationEntry> = {}): OrganizationEntry {
  return { ...TEST_ORGANIZATION, ...over };
}

/** A temperature in °C: normal 20 to 80, alert below 15 and above 85, plausible from -50 to 200, every 2 s. */
export function aMetricEntry(over: Partial<MetricEntry> = {}): MetricEntry {
  return {
    metric: 'temperature',
    name: 'Temperature',
    kind: 'NUMBER',
    values: null,
    unit: 'Cel',
    normalMin: 20,
    normalMax: 80,
    alertMin: 15,
    alertMax: 85,
    plausibleMin: -50,
    plausibleMax: 200,
    expectedIntervalMs: 2_000,
    ...over,
  };
}

export function aProfileEntry(over: Partial<ProfileEntry> = {}): ProfileEntry {
  return {
    id: TEST_PROFILE_ID,
    organizationId,
    key: 'temperature-sensor',
    name: 'Temperature sensor',
    offlineAfterMs: 30_000,
    lateAfterMs: 60_000,
    metrics: [aMetricEntry()],
    ...over,
  };
}

export function anAssetEntry(over: Partial<AssetEntry> = {}): AssetEntry {
  return { id: TEST_ASSET_ID, organizationId, parentId: null, name: 'Line 1', ...over };
}

export function aDeviceEntry(over: Partial<DeviceEntry> = {}): DeviceEntry {
  return {
    id: TEST_DEVICE.id,
    organizationId,
    key: TEST_DEVICE.key,
    name: 'Oven temperature',
    profileId: TEST_PROFILE_ID,
    lifecycle: 'ACTIVE',
    labels: [],
    ...over,
  };
}

export function aPatientEntry(over: Partial<PatientEntry> = {}): PatientEntry {
  return { id: TEST_PATIENT_ID, organizationId, bedId: TEST_BED_ID, spo2Scale: 1, dischargedAtMs: null, ...over };
}

/** The test device on the test asset since 1970; for a patient set `assetId: null, patientId`. */
export function anAssignmentEntry(over: Partial<AssignmentEntry> = {}): AssignmentEntry {
  return {
    id: id('a55'),
    organizationId,
    deviceId: TEST_DEVICE.id,
    assetId: TEST_ASSET_ID,
    patientId: null,
    fromMs: 0,
    toMs: null,
    ...over,
  };
}

/** @param token What the device sends as its password. */
export function aCredentialEntry(token: string = TEST_DEVICE.token, over: Partial<CredentialEntry> = {}): CredentialEntry {
  return {
    id: id('c4ed'),
    organizationId,
    deviceId: TEST_DEVICE.id,
    username: `${TEST_ORGANIZATION.key}/${TEST_DEVICE.key}`,
    tokenHash: createHash('sha256').update(token).digest('hex'),
    validUntilMs: null,
    ...over,
  };
}

export function aConnectivityEntry(over: Partial<ConnectivityEntry> = {}): ConnectivityEntry {
  return { deviceId: TEST_DEVICE.id, organizationId, connectivity: 'ONLINE', sinceMs: 0, ...over };
}

/** A change without its revision, which the feed gives. `value` null: it is gone. */
export type RegistryEdit = {
  [K in RegistryKind]: { kind: K; id: string; organizationId: string; value: RegistryEntries[K] | null };
}[RegistryKind];

/** An edit that puts `value` in place. */
export function put<K extends RegistryKind>(kind: K, value: RegistryEntries[K]): RegistryEdit {
  const entry = value as RegistryEntries[RegistryKind];
  const entryId = 'id' in entry ? entry.id : entry.deviceId;
  return { kind, id: entryId, organizationId: 'organizationId' in entry ? entry.organizationId : entry.id, value } as RegistryEdit;
}

/** An edit that removes what `put` put there. */
export function removed<K extends RegistryKind>(kind: K, value: RegistryEntries[K]): RegistryEdit {
  return { ...put(kind, value), value: null } as RegistryEdit;
}

/** One organization with a profile, an asset, and an active device on it that can sign in. Add to it or replace by spreading. */
export function aRegistrySnapshot(): RegistryEdit[] {
  return [
    put('organization', anOrganizationEntry()),
    put('profile', aProfileEntry()),
    put('asset', anAssetEntry()),
    put('device', aDeviceEntry()),
    put('credential', aCredentialEntry()),
    put('assignment', anAssignmentEntry()),
    put('connectivity', aConnectivityEntry()),
  ];
}
