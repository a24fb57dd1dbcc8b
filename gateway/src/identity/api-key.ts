import type { ApiKeyVerification } from '@pulsegraph/contracts';
import { LRUCache } from 'lru-cache';
import { InvalidToken, type AccessTokenVerifier, type Credential } from './access-token.js';

/** Null: unknown, revoked or over. Rejects when nobody can say. */
export type ApiKeySource = (key: string) => Promise<ApiKeyVerification | null>;

export const API_KEY_PREFIX = 'pgk_';
/** A verdict is believed this long; a revocation that the feed brings ends it sooner. */
const VERDICT_MS = 5_000;
/** For keys without an end: a date that every clock and `Date` can hold. */
const NEVER_MS = Date.UTC(9999, 11, 31);

/** API keys are checked by the users subgraph; a stranger's guesses are remembered as well, so that they cost it little. */
export function createApiKeyVerifier(source: ApiKeySource, now: () => number = Date.now): AccessTokenVerifier {
  const verdicts = new LRUCache<string, Promise<Credential | null>>({ max: 10_000, ttl: VERDICT_MS });
  const ask = async (key: string): Promise<Credential | null> => {
    const verification = await source(key);
    return verification && { viewer: verification.viewer, issuedAtMs: now(), expiresAtMs: verification.expiresAtMs ?? NEVER_MS };
  };
  return {
    async verify(key) {
      let verdict = verdicts.get(key);
      if (!verdict) {
        verdict = ask(key);
        verdicts.set(key, verdict);
        // A source that is away has given no verdict.
        verdict.catch(() => verdicts.delete(key));
      }
      const credential = await verdict;
      if (!credential || credential.expiresAtMs <= now()) throw new InvalidToken('unknown, revoked or over');
      return credential;
    },
  };
}

/** `POST {usersUrl}/internal/api-keys/verify`. */
export function apiKeysFromUrl(usersUrl: string, internalToken: string): ApiKeySource {
  return async (key) => {
    const response = await fetch(new URL('/internal/api-keys/verify', usersUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
      signal: AbortSignal.timeout(5_000),
    });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`The users subgraph answered ${response.status} to an API key`);
    return (await response.json()) as ApiKeyVerification;
  };
}
