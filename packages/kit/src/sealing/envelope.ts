import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Sealer } from './sealer.js';

/**
 * Keeps the keys that protect other keys: the secrets of DATA_KEY, or a key management service, which would answer
 * `wrap` and `unwrap` by calling it. A wrapped key that was unwrapped is remembered, so it is not asked per field.
 */
export interface KeyService {
  wrap(key: Buffer, place: string): string | Promise<string>;
  /** @throws for another place, an altered text, or a key that is gone. */
  unwrap(wrapped: string, place: string): Buffer | Promise<Buffer>;
  /** False after a rotation: wrap it anew. */
  isCurrent(wrapped: string): boolean;
}

export function localKeyService(sealer: Sealer): KeyService {
  return {
    wrap: (key, place) => sealer.seal(key.toString('base64'), place),
    unwrap: (wrapped, place) => Buffer.from(sealer.open(wrapped, place), 'base64'),
    isCurrent: (wrapped) => sealer.isCurrent(wrapped),
  };
}

const DATA_KEY_ID = 'own';
const REMEMBERED_KEYS = 10_000;
const REMEMBER_MS = 5 * 60_000;

/**
 * Envelope encryption: each person's data has a key of its own, kept beside it and wrapped by the key service. Rotation
 * wraps keys anew and leaves the data; forgetting a person's key makes what it sealed unreadable wherever it lies.
 */
export class Envelope {
  private readonly opened = new LRUCache<string, Sealer>({ max: REMEMBERED_KEYS, ttl: REMEMBER_MS });

  constructor(private readonly keys: KeyService) {}

  /** @param place Whose key it is; a wrapped key moved elsewhere does not open. */
  async create(place: string): Promise<{ wrapped: string; sealer: Sealer }> {
    const key = randomBytes(32);
    const wrapped = await this.keys.wrap(key, place);
    const sealer = sealerOf(key);
    this.opened.set(cacheKey(wrapped, place), sealer);
    return { wrapped, sealer };
  }

  async open(wrapped: string, place: string): Promise<Sealer> {
    const known = this.opened.get(cacheKey(wrapped, place));
    if (known) return known;
    const sealer = sealerOf(await this.keys.unwrap(wrapped, place));
    this.opened.set(cacheKey(wrapped, place), sealer);
    return sealer;
  }

  /** The same key under the newest protection; null when it is already. */
  async rewrap(wrapped: string, place: string): Promise<string | null> {
    if (this.keys.isCurrent(wrapped)) return null;
    return this.keys.wrap(await this.keys.unwrap(wrapped, place), place);
  }
}

const cacheKey = (wrapped: string, place: string) => `${place} ${wrapped}`;
const sealerOf = (key: Buffer) => new Sealer([{ id: DATA_KEY_ID, bytes: key, indexBytes: key }]);
