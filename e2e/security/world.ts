import { aDevice, aProfile, type RegisteredDevice } from '../client/device.js';
import type { SignedInClient } from '../client/graphql-client.js';
import type { Ids } from './operations.js';

/** In every name of the walked organization: where it shows up elsewhere, something has leaked. */
export const MARK = 'zanzibar';

/** One of everything in an organization. */
export async function furnish(admin: SignedInClient): Promise<{ ids: Ids; device: RegisteredDevice }> {
  const profile = await aProfile(admin, `${MARK}-profile`, { name: `${MARK} profile` });
  const id = async (text: string): Promise<string> => {
    const data = await admin.request<Record<string, { id: string } & Record<string, { id: string }>>>(text);
    const [made] = Object.values(data);
    return made!.apiKey?.id ?? made!.id;
  };
  const asset = await id(`mutation { createAsset(input: { name: "${MARK} hall", kind: SITE }) { id } }`);
  const patient = await id(`mutation { createPatient(input: { displayName: "${MARK} patient", recordNumber: "${MARK}-1" }) { id } }`);
  const rule = await id(
    `mutation { createAlertRule(input: { name: "${MARK} rule", severity: LOW, target: { assetId: "${asset}" }, condition: { threshold: { metric: "temperature", above: 99 } } }) { id } }`,
  );
  const apikey = await id(`mutation { createApiKey(input: { name: "${MARK} key", role: VIEWER }) { apiKey { id } } }`);
  const silence = await id(
    `mutation { createSilence(input: { filter: { assetId: "${asset}" }, to: "${new Date(Date.now() + 3_600_000).toISOString()}", reason: "${MARK}" }) { id } }`,
  );
  const device = await aDevice(admin, `${MARK}-device`, profile, { name: `${MARK} device`, assetId: asset });
  const { viewer } = await admin.request<{ viewer: { user: { id: string } } }>('{ viewer { user { id } } }');
  return { device, ids: { profile, asset, patient, rule, apikey, silence, user: viewer.user.id, device: device.id } };
}

/** What an administrator sees of the organization: the same before and after, or something was changed. */
export async function stateOf(admin: SignedInClient): Promise<string> {
  const data = await admin.request(`{
    devices(first: 100) { totalCount nodes { id key name lifecycle updatedAt asset { id } } }
    assets { totalCount nodes { id name } } patients { totalCount nodes { id displayName recordNumber } }
    deviceProfiles { nodes { id key name } } alertRules { totalCount nodes { id name enabled version } }
    silences { nodes { id to } } apiKeys { nodes { id name revokedAt } } users { nodes { id role active } }
  }`);
  return JSON.stringify(data);
}
