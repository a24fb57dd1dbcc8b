import { createHash, createHmac, randomBytes } from 'node:crypto';

/** Tells people and secret scanners what it is. */
const PREFIX = 'pgr_';

export function newRefreshToken(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

export function newRotationSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * A token has one successor only, whoever asks and however often: two tabs that renew with the same token at the same
 * moment get the same answer, and the family never forks. Neither the secret nor the token alone leads to it (ADR 0005).
 */
export function successorOf(token: string, rotationSecret: string): string {
  return PREFIX + createHmac('sha256', rotationSecret).update(token).digest('base64url');
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
