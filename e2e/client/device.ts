import { connectAsync, type MqttClient } from 'mqtt';
import type { SignedInClient } from './graphql-client.js';

export interface RegisteredDevice {
  id: string;
  key: string;
  username: string;
  token: string;
}

/** A profile with one metric, `temperature` in Cel, with alert limits at 15 and 85. */
export async function aProfile(admin: SignedInClient, key: string, over: object = {}): Promise<string> {
  const { createDeviceProfile } = await admin.request<{ createDeviceProfile: { id: string } }>(
    'mutation ($input: DeviceProfileInput!) { createDeviceProfile(input: $input) { id } }',
    {
      input: {
        key,
        name: `Profile ${key}`,
        domain: 'INDUSTRIAL',
        metrics: [
          {
            metric: 'temperature',
            name: 'Temperature',
            unit: 'Cel',
            normalMin: 20,
            normalMax: 80,
            alertMin: 15,
            alertMax: 85,
            plausibleMin: -50,
            plausibleMax: 200,
            expectedInterval: 'PT2S',
          },
        ],
        ...over,
      },
    },
  );
  return createDeviceProfile.id;
}

export async function aDevice(admin: SignedInClient, key: string, profileId: string, over: object = {}): Promise<RegisteredDevice> {
  const { registerDevice } = await admin.request<{
    registerDevice: { device: { id: string; key: string }; credential: { username: string; token: string } };
  }>('mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { device { id key } credential { username token } } }', {
    input: { key, name: `Device ${key}`, profileId, ...over },
  });
  return { ...registerDevice.device, ...registerDevice.credential };
}

/** @returns Their ids, in the order of the keys. */
export async function someDevices(admin: SignedInClient, keys: readonly string[], profileId: string): Promise<string[]> {
  const { registerDevices } = await admin.request<{ registerDevices: { device: { id: string } }[] }>(
    'mutation ($input: [RegisterDeviceInput!]!) { registerDevices(input: $input) { device { id } } }',
    { input: keys.map((key) => ({ key, name: `Device ${key}`, profileId })) },
  );
  return registerDevices.map(({ device }) => device.id);
}

export function connectDevice(mqttUrl: string, device: RegisteredDevice, options: object = {}): Promise<MqttClient> {
  return connectAsync(mqttUrl, {
    clientId: device.username,
    username: device.username,
    password: device.token,
    protocolVersion: 4,
    ...options,
  });
}

export function readingsTopic(device: RegisteredDevice): string {
  return `pulse/v1/${device.username}/readings`;
}
