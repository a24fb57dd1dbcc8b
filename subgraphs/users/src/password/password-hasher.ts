import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** argon2id at the OWASP minimum (2025): 19 MiB, 2 passes, 1 lane; some 20 ms of one core. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const CURRENT = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$`;

export class PasswordHasher {
  private decoy: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return hash(spelled(password), COST);
  }

  /** Takes as long for an account that does not exist (`stored` null) as for one that does. */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const matches = await verify(stored ?? (await this.decoyHash()), spelled(password));
    return matches && stored !== null;
  }

  /** True when the hash was made at another cost than today's. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(CURRENT);
  }

  private decoyHash(): Promise<string> {
    return (this.decoy ??= this.hash(randomBytes(32).toString('base64')));
  }
}

/** One spelling for what looks the same: keyboards differ in how they compose an ü. */
function spelled(password: string): string {
  return password.normalize('NFKC');
}
