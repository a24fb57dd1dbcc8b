import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JSONWebKeySet, type JWK } from 'jose';
import { IsNull, LessThan, type DataSource, type EntityManager } from 'typeorm';
import { ACCESS_TOKEN_LIFETIME_MS, SIGNATURE_ALGORITHM } from './access-token.js';
import { SigningKey } from './signing-key.entity.js';

/** A new key is published this long before it signs; verifiers may keep our JWKS for up to half of it. */
export const PUBLISH_AHEAD_MS = 10 * 60_000;
export const JWKS_MAX_AGE_S = 300;
const KEY_LIFETIME_MS = 30 * 24 * 3_600_000;
const CLOCK_SKEW_MS = 60_000;
/** Other processes may rotate: keys are read again this often. */
const REREAD_AFTER_MS = 30_000;

interface SigningPair {
  kid: string;
  privateKey: CryptoKey;
}

/** The keys of access tokens: kept in Postgres, shared by all processes, several at once during a rotation. */
export class SigningKeys {
  private known: { keys: SigningKey[]; readAtMs: number } | undefined;
  private readonly imported = new Map<string, Promise<CryptoKey>>();

  constructor(
    private readonly service: DataSource,
    private readonly now: () => Date,
  ) {}

  /** The newest key that may sign now. */
  async current(): Promise<SigningPair> {
    const now = this.now();
    const key = (await this.keys()).find(({ signsFrom }) => signsFrom <= now);
    if (!key) throw new Error('There is no signing key: ensure() has not run.');
    let privateKey = this.imported.get(key.kid);
    if (!privateKey) {
      privateKey = importJWK(key.privateJwk, SIGNATURE_ALGORITHM) as Promise<CryptoKey>;
      this.imported.set(key.kid, privateKey);
    }
    return { kid: key.kid, privateKey: await privateKey };
  }

  /** What verifiers need, public halves alone: keys that sign, will sign, or have signed what may still be valid. */
  async jwks(): Promise<JSONWebKeySet> {
    return { keys: (await this.keys()).map(({ publicJwk }) => publicJwk) };
  }

  /** Makes the first key, a successor for one that is 30 days old, and forgets what nothing valid was signed with. */
  async ensure(): Promise<void> {
    await this.exclusively(async (manager) => {
      const now = this.now();
      await manager.delete(SigningKey, { verifiesUntil: LessThan(now) });
      const newest = await newestKey(manager);
      if (!newest) await this.add(manager, now);
      else if (now.getTime() - newest.createdAt.getTime() > KEY_LIFETIME_MS) await this.succeed(manager);
    });
  }

  /** Replaces the key now in use, without a failed request: see PUBLISH_AHEAD_MS. */
  async rotate(): Promise<void> {
    await this.exclusively((manager) => this.succeed(manager));
  }

  private async succeed(manager: EntityManager): Promise<void> {
    const signsFrom = new Date(this.now().getTime() + PUBLISH_AHEAD_MS);
    const verifiesUntil = new Date(signsFrom.getTime() + REREAD_AFTER_MS + ACCESS_TOKEN_LIFETIME_MS + CLOCK_SKEW_MS);
    await manager.update(SigningKey, { verifiesUntil: IsNull() }, { verifiesUntil });
    await this.add(manager, signsFrom);
  }

  private async add(manager: EntityManager, signsFrom: Date): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(SIGNATURE_ALGORITHM, { extractable: true });
    const publicJwk: JWK = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    await manager.insert(SigningKey, {
      kid,
      privateJwk: await exportJWK(privateKey),
      publicJwk: { ...publicJwk, kid, alg: SIGNATURE_ALGORITHM, use: 'sig' },
      createdAt: this.now(),
      signsFrom,
      verifiesUntil: null,
    });
  }

  /** Several processes may start, or find the key old, at the same time: one of them acts. */
  private async exclusively(work: (manager: EntityManager) => Promise<void>): Promise<void> {
    await this.service.transaction(async (manager) => {
      await manager.query(`select pg_advisory_xact_lock(hashtext('users.signing_key'))`);
      await work(manager);
    });
    this.known = undefined;
  }

  private async keys(): Promise<SigningKey[]> {
    const nowMs = this.now().getTime();
    if (!this.known || nowMs - this.known.readAtMs > REREAD_AFTER_MS) {
      const keys = await this.service.manager.find(SigningKey, { order: { signsFrom: 'DESC', kid: 'ASC' } });
      this.known = { keys, readAtMs: nowMs };
    }
    return this.known.keys;
  }
}

async function newestKey(manager: EntityManager): Promise<SigningKey | null> {
  const [newest] = await manager.find(SigningKey, { order: { createdAt: 'DESC' }, take: 1 });
  return newest ?? null;
}
