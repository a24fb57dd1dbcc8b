import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What every authenticator app takes for granted (RFC 6238 with SHA-1). */
const STEP_MS = 30_000;
const DIGITS = 6;
/** Clocks may differ by one step either way. */
const TOLERANCE_STEPS = 1;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function newTotpSecret(): Buffer {
  return randomBytes(20);
}

/** RFC 4648 without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
      value &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

/** The one-time password of a step; steps are counted from 1970 in half minutes. */
export function totpAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac[mac.length - 1]! & 0x0f;
  const number = (mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 10 ** DIGITS;
  return String(number).padStart(DIGITS, '0');
}

export function stepAt(instant: Date): number {
  return Math.floor(instant.getTime() / STEP_MS);
}

/**
 * The step whose password this is, or null. Steps up to `lastStep` were used: who looks over a shoulder cannot repeat one.
 */
export function matchingStep(secret: Uint8Array, otp: string, now: Date, lastStep: number): number | null {
  const given = Buffer.from(otp.replace(/\s/g, ''));
  const current = stepAt(now);
  let match: number | null = null;
  for (let step = current - TOLERANCE_STEPS; step <= current + TOLERANCE_STEPS; step++) {
    const expected = Buffer.from(totpAt(secret, Math.max(step, 0)));
    if (step > lastStep && given.length === expected.length && timingSafeEqual(given, expected)) match = step;
  }
  return match;
}

/** What a QR code for an authenticator app holds. */
export function otpauthUrl(secret: Uint8Array, account: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1_000}`;
}
