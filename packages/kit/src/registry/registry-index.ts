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
} from '@pulsegraph/contracts';

/** Entries by id, and by one more key that several may share. */
class Groups<E> {
  private readonly groups = new Map<string, Map<string, E>>();

  put(key: string, id: string, entry: E): void {
    const group = this.groups.get(key);
    if (group) group.set(id, entry);
    else this.groups.set(key, new Map([[id, entry]]));
  }

  remove(key: string, id: string): void {
    const group = this.groups.get(key);
    group?.delete(id);
    if (group?.size === 0) this.groups.delete(key);
  }

  of(key: string): Iterable<E> {
    return this.groups.get(key)?.values() ?? [];
  }
}

const NONE: readonly AssignmentEntry[] = [];

/** Assignments of one device, patient or asset, oldest first. Lists are short, read often and seldom changed. */
class AssignmentLists {
  private readonly lists = new Map<string, readonly AssignmentEntry[]>();

  put(key: string | null, entry: AssignmentEntry): void {
    if (key === null) return;
    const others = this.of(key).filter(({ id }) => id !== entry.id);
    this.lists.set(
      key,
      [...others, entry].sort((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1)),
    );
  }

  remove(key: string | null, id: string): void {
    if (key === null) return;
    const others = this.of(key).filter((entry) => entry.id !== id);
    if (others.length > 0) this.lists.set(key, others);
    else this.lists.delete(key);
  }

  of(key: string): readonly AssignmentEntry[] {
    return this.lists.get(key) ?? NONE;
  }
}

/** The registry at one revision, with an index for every question that is asked of it. */
export class RegistryIndex {
  readonly organizations = new Map<string, OrganizationEntry>();
  readonly organizationsByKey = new Map<string, OrganizationEntry>();
  readonly devices = new Map<string, DeviceEntry>();
  readonly devicesByOrganization = new Groups<DeviceEntry>();
  readonly devicesByKey = new Map<string, DeviceEntry>();
  readonly profiles = new Map<string, ProfileEntry>();
  readonly profilesByOrganization = new Groups<ProfileEntry>();
  readonly metrics = new Map<string, Map<string, MetricEntry>>();
  readonly assets = new Map<string, AssetEntry>();
  readonly patients = new Map<string, PatientEntry>();
  readonly credentials = new Map<string, CredentialEntry>();
  readonly credentialsByUsername = new Groups<CredentialEntry>();
  readonly assignments = new Map<string, AssignmentEntry>();
  readonly assignmentsByDevice = new AssignmentLists();
  readonly assignmentsByPatient = new AssignmentLists();
  readonly assignmentsByAsset = new AssignmentLists();
  readonly connectivities = new Map<string, ConnectivityEntry>();

  static readonly deviceKey = (organizationId: string, key: string) => `${organizationId}/${key}`;

  apply(change: RegistryChange): void {
    const { id } = change;
    switch (change.kind) {
      case 'organization':
        return this.putOrganization(id, change.value);
      case 'profile':
        return this.putProfile(id, change.value);
      case 'asset':
        return set(this.assets, id, change.value);
      case 'device':
        return this.putDevice(id, change.value);
      case 'patient':
        return set(this.patients, id, change.value);
      case 'assignment':
        return this.putAssignment(id, change.value);
      case 'credential':
        return this.putCredential(id, change.value);
      case 'connectivity':
        return set(this.connectivities, id, change.value);
    }
  }

  private putOrganization(id: string, value: OrganizationEntry | null): void {
    const before = this.organizations.get(id);
    if (before) this.organizationsByKey.delete(before.key);
    set(this.organizations, id, value);
    if (value) this.organizationsByKey.set(value.key, value);
  }

  private putProfile(id: string, value: ProfileEntry | null): void {
    const before = this.profiles.get(id);
    if (before) this.profilesByOrganization.remove(before.organizationId, id);
    set(this.profiles, id, value);
    set(this.metrics, id, value && new Map(value.metrics.map((metric) => [metric.metric, metric])));
    if (value) this.profilesByOrganization.put(value.organizationId, id, value);
  }

  private putDevice(id: string, value: DeviceEntry | null): void {
    const before = this.devices.get(id);
    if (before) {
      this.devicesByOrganization.remove(before.organizationId, id);
      const key = RegistryIndex.deviceKey(before.organizationId, before.key);
      // Within one page the key may have gone to another device already.
      if (this.devicesByKey.get(key) === before) this.devicesByKey.delete(key);
    }
    set(this.devices, id, value);
    if (!value) return;
    this.devicesByOrganization.put(value.organizationId, id, value);
    this.devicesByKey.set(RegistryIndex.deviceKey(value.organizationId, value.key), value);
  }

  private putCredential(id: string, value: CredentialEntry | null): void {
    const before = this.credentials.get(id);
    if (before) this.credentialsByUsername.remove(before.username, id);
    set(this.credentials, id, value);
    if (value) this.credentialsByUsername.put(value.username, id, value);
  }

  private putAssignment(id: string, value: AssignmentEntry | null): void {
    const before = this.assignments.get(id);
    if (before) {
      this.assignmentsByDevice.remove(before.deviceId, id);
      this.assignmentsByPatient.remove(before.patientId, id);
      this.assignmentsByAsset.remove(before.assetId, id);
    }
    set(this.assignments, id, value);
    if (!value) return;
    this.assignmentsByDevice.put(value.deviceId, value);
    this.assignmentsByPatient.put(value.patientId, value);
    this.assignmentsByAsset.put(value.assetId, value);
  }
}

function set<V>(map: Map<string, V>, id: string, value: V | null): void {
  if (value === null) map.delete(id);
  else map.set(id, value);
}
