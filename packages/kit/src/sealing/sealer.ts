import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { DatabaseOwner } from '../postgres/index.js';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** 132 bits: no two words of a hospital meet. */
const BLIND_CHARACTERS = 22;

/** What one secret gives: a key that seals and one that makes blind indexes, under the same name. */
export interface Key {
  id: string;
  bytes: Buffer;
  indexBytes: Buffer;
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

  /** Sealed with the first key: there is nothing to do for a rotation. */
  isCurrent(text: string): boolean {
    return text.startsWith(`${this.keys[0].id}.`);
  }

  /**
   * Stands for a text in an index, without telling it: equal texts of one place have equal stand-ins. One per key, the
   * newest first: what an older key indexed is found during a rotation.
   */
  blind(text: string, place: string): [string, ...string[]] {
    const of = ({ id, indexBytes }: Key) =>
      `${id}.${createHmac('sha256', indexBytes).update(`${place}\0${text}`).digest('base64url').slice(0, BLIND_CHARACTERS)}`;
    const [first, ...others] = this.keys;
    return [of(first), ...others.map(of)];
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

/** @param owner Subgraphs that are given the same secret share no key. */
export function keyFrom(secret: string, owner: DatabaseOwner): Key {
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, `pulsegraph ${owner}`, info, bytes));
  return { id: derive('id', 6).toString('hex'), bytes: derive('seal', 32), indexBytes: derive('index', 32) };
}
