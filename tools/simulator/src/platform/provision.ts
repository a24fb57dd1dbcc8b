import type { AssetPath, ProfileInput } from '../fleet/fleet.js';
import type { PlatformClient } from '@pulsegraph/platform-client';

export interface DeviceToProvision {
  key: string;
  name: string;
  profile: ProfileInput;
  asset: AssetPath;
  labels: { key: string; value: string }[];
  patient?: { displayName: string; recordNumber: string; birthDate: string };
}

export interface DeviceAccess {
  deviceId: string;
  username: string;
  token: string;
  mqttUrl: string;
}

type Named = { id: string; name: string };
type Page<T> = { nodes: T[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };

/** Registers what is missing and takes a fresh credential for what is there: tokens are shown once, and we keep none. */
export class Provisioner {
  private profiles: Promise<Map<string, string>> | undefined;
  private readonly assets = new Map<string, Promise<string>>();

  constructor(private readonly platform: PlatformClient) {}

  async provision(device: DeviceToProvision): Promise<DeviceAccess> {
    const access = (await this.credentialOfKnown(device.key)) ?? (await this.register(device));
    if (device.patient) await this.assignPatient(access.deviceId, device);
    return access;
  }

  private async credentialOfKnown(key: string): Promise<DeviceAccess | null> {
    const { deviceByKey } = await this.platform.request<{ deviceByKey: { id: string } | null }>(
      'query ($key: String!) { deviceByKey(key: $key) { id } }',
      { key },
    );
    if (!deviceByKey) return null;
    const { rotateDeviceCredential } = await this.platform.request<{ rotateDeviceCredential: Omit<DeviceAccess, 'deviceId'> }>(
      'mutation ($id: ID!) { rotateDeviceCredential(id: $id) { username token mqttUrl } }',
      { id: deviceByKey.id },
    );
    return { deviceId: deviceByKey.id, ...rotateDeviceCredential };
  }

  private async register(device: DeviceToProvision): Promise<DeviceAccess> {
    const input = {
      key: device.key,
      name: device.name,
      profileId: await this.profileId(device.profile),
      assetId: await this.assetId(device.asset),
      labels: device.labels,
    };
    const { registerDevice } = await this.platform.request<{
      registerDevice: { device: { id: string }; credential: Omit<DeviceAccess, 'deviceId'> };
    }>(
      'mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { device { id } credential { username token mqttUrl } } }',
      {
        input,
      },
    );
    return { deviceId: registerDevice.device.id, ...registerDevice.credential };
  }

  private async profileId(profile: ProfileInput): Promise<string> {
    this.profiles ??= this.all<{ id: string; key: string }>('deviceProfiles', 'id key').then(
      (nodes) => new Map(nodes.map(({ id, key }) => [key, id])),
    );
    const known = (await this.profiles).get(profile.key);
    if (known) return known;
    const { createDeviceProfile } = await this.platform.request<{ createDeviceProfile: { id: string } }>(
      'mutation ($input: DeviceProfileInput!) { createDeviceProfile(input: $input) { id } }',
      { input: profile },
    );
    (await this.profiles).set(profile.key, createDeviceProfile.id);
    return createDeviceProfile.id;
  }

  private async assetId(path: AssetPath): Promise<string | null> {
    let parentId: string | null = null;
    for (const [depth, asset] of path.entries()) {
      const place = path
        .slice(0, depth + 1)
        .map(({ name }) => name)
        .join('\n');
      let id = this.assets.get(place);
      if (!id) {
        id = this.findOrCreateAsset(asset, parentId);
        this.assets.set(place, id);
      }
      parentId = await id;
    }
    return parentId;
  }

  private async findOrCreateAsset(asset: AssetPath[number], parentId: string | null): Promise<string> {
    const siblings = await this.all<Named>('assets', 'id name', 'parentId: $parentId, ', { parentId });
    const known = siblings.find(({ name }) => name === asset.name);
    if (known) return known.id;
    const { createAsset } = await this.platform.request<{ createAsset: Named }>(
      'mutation ($input: AssetInput!) { createAsset(input: $input) { id name } }',
      { input: { ...asset, parentId } },
    );
    return createAsset.id;
  }

  private async assignPatient(deviceId: string, { patient, asset }: DeviceToProvision): Promise<void> {
    const { device } = await this.platform.request<{ device: { patient: { id: string } | null } }>(
      'query ($id: ID!) { device(id: $id) { patient { id } } }',
      { id: deviceId },
    );
    if (device.patient || !patient) return;
    const { patients } = await this.platform.request<{ patients: Page<{ id: string; recordNumber: string | null }> }>(
      'query ($search: String) { patients(search: $search) { nodes { id recordNumber } } }',
      { search: patient.recordNumber },
    );
    const known = patients.nodes.find(({ recordNumber }) => recordNumber === patient.recordNumber);
    const patientId = known?.id ?? (await this.createPatient(patient, await this.assetId(asset)));
    await this.platform.request(
      'mutation ($deviceId: ID!, $patientId: ID!) { assignDevice(deviceId: $deviceId, to: { patientId: $patientId }) { id } }',
      { deviceId, patientId },
    );
  }

  private async createPatient(patient: NonNullable<DeviceToProvision['patient']>, bedId: string | null): Promise<string> {
    const { createPatient } = await this.platform.request<{ createPatient: { id: string } }>(
      'mutation ($input: PatientInput!) { createPatient(input: $input) { id } }',
      { input: { ...patient, bedId } },
    );
    return createPatient.id;
  }

  /** Every node of a connection, page by page. */
  private async all<T>(field: string, selection: string, argument = '', variables: Record<string, unknown> = {}): Promise<T[]> {
    const declared = argument ? '($after: String, $parentId: ID)' : '($after: String)';
    const nodes: T[] = [];
    let after: string | null = null;
    do {
      const data: Record<string, Page<T>> = await this.platform.request(
        `query ${declared} { ${field}(${argument}first: 500, after: $after) { nodes { ${selection} } pageInfo { hasNextPage endCursor } } }`,
        { ...variables, after },
      );
      const page: Page<T> = data[field]!;
      nodes.push(...page.nodes);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    return nodes;
  }
}
