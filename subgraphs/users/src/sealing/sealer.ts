import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { SealingKey } from './sealing-key.entity.js';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  id: string;
  bytes: Buffer;
}

/** Encrypts what must be read again, such as TOTP secrets: AES-256-GCM, with the key's id in front. */
export class Sealer {
  private readonly byId: ReadonlyMap<string, Key>;

  /** @param keys The first seals, all open. */
  constructor(private readonly keys: readonly [Key, ...Key[]]) {
    this.byId = new Map(keys.map((key) => [key.id, key]));
  }

  /** @param place What the text belongs to; a sealed text moved elsewhere does not open. */
  seal(text: string, place: string): string {
    const [{ id, bytes }] = this.keys;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, bytes, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${id}.${sealed.toString('base64url')}`;
  }

  /** @throws Error for a key that is not configured, another place, or an altered text. */
  open(text: string, place: string): string {
    const [id = '', body = ''] = text.split('.');
    const key = this.byId.get(id);
    if (!key) throw new Error(`Sealed with key ${id}, which is not among DATA_KEY.`);
    const sealed = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv(CIPHER, key.bytes, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(place))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  }
}

export function keyFrom(secret: string): Key {
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, 'pulsegraph users', info, bytes));
  return { id: derive('id', 6).toString('hex'), bytes: derive('seal', 32) };
}

/**
 * @param secrets DATA_KEY. Empty: a key is made once and kept in the database, so that nothing needs configuring; set
 * DATA_KEY where a copy of the database must not be enough. What was sealed before still opens.
 */
export async function createSealer(service: DataSource, secrets: readonly string[]): Promise<Sealer> {
  const configured = secrets.map(keyFrom);
  const stored = async () =>
    (await service.manager.find(SealingKey, { order: { createdAt: 'ASC', id: 'ASC' } })).map(({ key }) => keyFrom(key));
  let kept = await stored();
  if (configured.length === 0 && kept.length === 0) {
    await service.transaction(async (manager) => {
      await manager.query(`select pg_advisory_xact_lock(hashtext('users.sealing_key'))`);
      if ((await manager.count(SealingKey)) > 0) return;
      const key = randomBytes(32).toString('base64url');
      await manager.insert(SealingKey, { id: keyFrom(key).id, key });
    });
    kept = await stored();
  }
  const [first, ...others] = [...configured, ...kept];
  if (!first) throw new Error('No key to seal with.');
  return new Sealer([first, ...others]);
}
