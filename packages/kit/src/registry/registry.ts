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
  RegistryChange,
  RegistryFeedPage,
} from '@pulsegraph/contracts';

/** Where the feed comes from: `GET /internal/registry?since=` over HTTP, or the devices subgraph in the same process. */
export interface RegistrySource {
  fetch(since: number): Promise<RegistryFeedPage>;
}

/** A read-only copy of the device registry in memory, kept by the feed. Lookups are synchronous and cost a map access. */
export interface RegistryProjection {
  /** Resolves after the first snapshot. Retries for ever: a process without a registry is not ready, but alive. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly ready: boolean;
  readonly revision: number;
  /** Milliseconds since the feed last answered. */
  readonly ageMs: number;
  /** Resolves when the projection has applied `revision`; rejects after `timeoutMs`. */
  waitFor(revision: number, timeoutMs: number): Promise<void>;
  /** Called after each applied page, with its changes; a snapshot counts as changes. Returns the function that ends it. */
  onChange(listener: (changes: readonly RegistryChange[], snapshot: boolean) => void): () => void;

  organization(id: string): OrganizationEntry | undefined;
  organizationByKey(key: string): OrganizationEntry | undefined;
  organizations(): Iterable<OrganizationEntry>;
  device(id: string): DeviceEntry | undefined;
  deviceByKey(organizationId: string, key: string): DeviceEntry | undefined;
  devicesOf(organizationId: string): Iterable<DeviceEntry>;
  profile(id: string): ProfileEntry | undefined;
  profilesOf(organizationId: string): Iterable<ProfileEntry>;
  metric(device: DeviceEntry, metric: string): MetricEntry | undefined;
  asset(id: string): AssetEntry | undefined;
  /** True when `assetId` is `ancestorId` or lies below it. */
  isWithin(assetId: string, ancestorId: string): boolean;
  patient(id: string): PatientEntry | undefined;
  credentialsOf(username: string): readonly CredentialEntry[];
  assignmentsOf(deviceId: string): readonly AssignmentEntry[];
  /** All intervals in which devices served this patient. */
  assignmentsOfPatient(patientId: string): readonly AssignmentEntry[];
  assignmentsOfAsset(assetId: string): readonly AssignmentEntry[];
  /** The asset to which the device was assigned then. */
  assetOf(deviceId: string, atMs: number): string | null;
  patientOf(deviceId: string, atMs: number): string | null;
  connectivity(deviceId: string): ConnectivityEntry | undefined;
}
