import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mqttUsername } from '@pulsegraph/contracts';
import type { Credential } from './credential.entity.js';

const TOKEN_BYTES = 32;

/** A token for a device, and the row that remembers it. 256 random bits: a plain hash is enough. */
export function issueToken(
  device: { id: string; key: string; organizationId: string },
  organizationKey: string,
  createdAt: Date,
): { token: string; credential: Credential } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  return {
    token,
    credential: {
      id: randomUUID(),
      organizationId: device.organizationId,
      deviceId: device.id,
      username: mqttUsername({ organizationKey, deviceKey: device.key }),
      tokenHash: createHash('sha256').update(token).digest('hex'),
      validUntil: null,
      createdAt,
    },
  };
}
