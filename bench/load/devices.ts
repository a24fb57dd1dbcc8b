import { aDevice, aProfile } from '../../e2e/client/device.js';
import type { SignedInClient } from '../../e2e/client/graphql-client.js';
import type { Stack } from '../../e2e/stack/stack.js';
import type { PublisherOptions } from './publisher.js';

export interface BenchDevice extends PublisherOptions {
  id: string;
}

/** Registered devices of one profile, each with what its publisher needs. */
export async function registerDevices(
  { mqttUrl }: Stack,
  admin: SignedInClient,
  { count, inFlight, profile }: { count: number; inFlight: number; profile?: object },
): Promise<BenchDevice[]> {
  const profileId = await aProfile(admin, 'bench', profile);
  const devices: BenchDevice[] = [];
  for (let index = 0; index < count; index++) {
    const { id, username, token } = await aDevice(admin, `bench-${index}`, profileId);
    devices.push({
      id,
      host: '127.0.0.1',
      port: Number(new URL(mqttUrl).port),
      username,
      password: token,
      clientId: username,
      topic: `pulse/v1/${username}/readings`,
      inFlight,
    });
  }
  return devices;
}
