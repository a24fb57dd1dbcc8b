import { createHash, randomBytes } from 'node:crypto';
import { base32 } from './totp.js';

const CODES = 10;

/** Ten codes of 80 random bits, such as `ABCD-EFGH-IJKL-MNOP`: too many for a plain hash to be searched. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => base32(randomBytes(10)).match(/.{4}/g)!.join('-'));
}

/** Null for what cannot be a code. Case, spaces and hyphens do not matter. */
export function recoveryCodeHash(text: string): string | null {
  const plain = text.replace(/[\s-]/g, '').toUpperCase();
  return /^[A-Z2-7]{16}$/.test(plain) ? createHash('sha256').update(plain).digest('hex') : null;
}
