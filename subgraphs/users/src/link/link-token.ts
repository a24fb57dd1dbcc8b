import { createHash, randomBytes } from 'node:crypto';

/** For a link that is sent by mail: 256 random bits, so a plain hash is enough to keep. */
export function newLinkToken(): string {
  return randomBytes(32).toString('base64url');
}

export function linkTokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
