import { createHash, randomBytes } from 'node:crypto';

const PREFIX_CHARACTERS = 12;

/** `pgk_` tells people and secret scanners what it is. */
export function newApiKeySecret(): string {
  return `pgk_${randomBytes(32).toString('base64url')}`;
}

export function apiKeyPrefix(secret: string): string {
  return secret.slice(0, PREFIX_CHARACTERS);
}

export function apiKeyHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
