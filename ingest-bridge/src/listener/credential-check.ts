import { createHash, timingSafeEqual } from 'node:crypto';
import { deviceTopicPrefix, type CredentialEntry } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Identity, Refusal } from './device-connection.js';

export function hashToken(token: string | Uint8Array): string {
  return createHash('sha256').update(token).digest('hex');
}

function equalHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

export function isValidNow({ validUntilMs }: CredentialEntry, nowMs: number): boolean {
  return validUntilMs === null || validUntilMs > nowMs;
}

/** Who signs in with this user name and token, by the registry projection. */
export function checkCredential(
  projection: RegistryProjection,
  username: string,
  token: Uint8Array,
  nowMs = Date.now(),
): Identity | Refusal {
  if (!projection.ready) return 'REGISTRY_NOT_READY';
  // Hashed for unknown names too: the answer must not come sooner for them.
  return identityOf(projection, username, hashToken(token), nowMs);
}

/** The same for a token whose hash is known: asked again whenever the registry changes. */
export function identityOf(projection: RegistryProjection, username: string, tokenHash: string, nowMs = Date.now()): Identity | Refusal {
  const credential = projection.credentialsOf(username).find((entry) => equalHash(entry.tokenHash, tokenHash) && isValidNow(entry, nowMs));
  if (!credential) return 'BAD_CREDENTIAL';
  const device = projection.device(credential.deviceId);
  const organization = projection.organization(credential.organizationId);
  if (!device || !organization || device.lifecycle !== 'ACTIVE') return 'RETIRED';
  const address = { organizationKey: organization.key, deviceKey: device.key };
  return { address, username, deviceId: device.id, tokenHash, validUntilMs: credential.validUntilMs, prefix: deviceTopicPrefix(address) };
}
