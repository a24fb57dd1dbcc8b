import type { MetricKind } from './reading.js';
import type { Role } from './permission.js';

/** What other parts must know of the device registry. Personal data of patients is not among it. */
export interface OrganizationEntry {
  id: string;
  key: string;
}

export interface MetricEntry {
  metric: string;
  name: string;
  kind: MetricKind;
  /** Allowed words of a TEXT metric. */
  values: string[] | null;
  /** UCUM. */
  unit: string;
  normalMin: number | null;
  normalMax: number | null;
  alertMin: number | null;
  alertMax: number | null;
  plausibleMin: number | null;
  plausibleMax: number | null;
  expectedIntervalMs: number;
}

export interface ProfileEntry {
  id: string;
  organizationId: string;
  key: string;
  name: string;
  offlineAfterMs: number;
  lateAfterMs: number;
  metrics: MetricEntry[];
}

export interface AssetEntry {
  id: string;
  organizationId: string;
  parentId: string | null;
  name: string;
}

export interface DeviceEntry {
  id: string;
  organizationId: string;
  key: string;
  name: string;
  profileId: string;
  lifecycle: 'ACTIVE' | 'RETIRED';
  labels: { key: string; value: string }[];
}

export interface PatientEntry {
  id: string;
  organizationId: string;
  /** The bed; an asset. */
  bedId: string | null;
  spo2Scale: 1 | 2;
  dischargedAtMs: number | null;
}

/** A device belongs to this asset or patient for readings recorded in [fromMs, toMs). Exactly one of the two is set. */
export interface AssignmentEntry {
  id: string;
  organizationId: string;
  deviceId: string;
  assetId: string | null;
  patientId: string | null;
  fromMs: number;
  toMs: number | null;
}

export interface CredentialEntry {
  id: string;
  organizationId: string;
  deviceId: string;
  /** `{organization}/{device}`. */
  username: string;
  /** SHA-256 of the token, hex. Tokens carry 256 random bits, so a plain hash is enough. */
  tokenHash: string;
  /** After a rotation the old token works until here. */
  validUntilMs: number | null;
}

/** Connectivity as devices computed it: in the feed, so that offline rules ask no other process. */
export interface ConnectivityEntry {
  deviceId: string;
  organizationId: string;
  connectivity: 'ONLINE' | 'OFFLINE' | 'NEVER_SEEN';
  sinceMs: number;
}

export interface RegistryEntries {
  organization: OrganizationEntry;
  profile: ProfileEntry;
  asset: AssetEntry;
  device: DeviceEntry;
  patient: PatientEntry;
  assignment: AssignmentEntry;
  credential: CredentialEntry;
  connectivity: ConnectivityEntry;
}
export type RegistryKind = keyof RegistryEntries;

/** `value` null: it is gone. */
export type RegistryChange = {
  [K in RegistryKind]: { revision: number; kind: K; id: string; organizationId: string; value: RegistryEntries[K] | null };
}[RegistryKind];

/** Answer of `GET /internal/registry?since=REVISION`. */
export interface RegistryFeedPage {
  /** Where the reader is after applying `changes`. */
  revision: number;
  /** True: forget everything first; `changes` is the whole. Always so for since=0. */
  snapshot: boolean;
  changes: RegistryChange[];
}

/** What ends access at once. Answer item of `GET /internal/revocations?since=`. */
export type Revocation =
  | { revision: number; kind: 'session'; sessionId: string; organizationId: string; atMs: number }
  | { revision: number; kind: 'api-key'; apiKeyId: string; organizationId: string; atMs: number }
  | { revision: number; kind: 'user'; userId: string; organizationId: string; atMs: number }
  | { revision: number; kind: 'role'; userId: string; role: Role; organizationId: string; atMs: number };

export interface RevocationFeedPage {
  revision: number;
  revocations: Revocation[];
}
