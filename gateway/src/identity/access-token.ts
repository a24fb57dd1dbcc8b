import { ROLES, isUuid, type Viewer } from '@pulsegraph/contracts';
import { createLocalJWKSet, errors as joseErrors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';

export const TOKEN_ISSUER = 'pulsegraph';
export const TOKEN_AUDIENCE = 'pulsegraph';

/** A verified credential. It may still be revoked or over: ask `Identity`, which looks each time. */
export interface Credential {
  readonly viewer: Viewer;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export type JwksSource = () => Promise<JSONWebKeySet>;

/** The token is not ours, was changed, or is over. */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken';
}

const claims = z.object({
  sub: z.string().refine(isUuid),
  org: z.string().refine(isUuid),
  orgKey: z.string(),
  role: z.enum(ROLES),
  sid: z.string(),
  name: z.string(),
  iat: z.number(),
  exp: z.number(),
});

/** A source that fails or a flood of foreign key ids must not turn into a flood of requests for keys. */
const REFETCH_PAUSE_MS = 5_000;
const CLOCK_TOLERANCE_S = 5;

export interface AccessTokenVerifier {
  /** @throws InvalidToken. Synchronous for a token seen before: a signature check costs more than most requests. */
  verify(token: string): Credential | Promise<Credential>;
}

/** EdDSA access tokens of the users subgraph. Keys are fetched once, and again when a token names one that is unknown. */
export function createAccessTokenVerifier(jwks: JwksSource, now: () => number = Date.now): AccessTokenVerifier {
  const verified = new LRUCache<string, Credential>({ max: 20_000 });
  const pending = new Map<string, Promise<Credential>>();
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAtMs = -Infinity;
  let fetching: Promise<void> | undefined;

  function fetchKeys(): Promise<void> {
    fetching ??= jwks()
      .then((set) => {
        keys = createLocalJWKSet(set);
      })
      .finally(() => {
        fetchedAtMs = now();
        fetching = undefined;
      });
    return fetching;
  }

  async function check(token: string): Promise<JWTPayload> {
    const options = {
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      algorithms: ['EdDSA', 'Ed25519'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now()),
    };
    if (!keys) await fetchKeys();
    try {
      return (await jwtVerify(token, keys!, options)).payload;
    } catch (error) {
      const rotated = error instanceof joseErrors.JWKSNoMatchingKey && now() - fetchedAtMs > REFETCH_PAUSE_MS;
      if (!rotated) throw error;
      await fetchKeys();
      return (await jwtVerify(token, keys!, options)).payload;
    }
  }

  async function verifyAnew(token: string): Promise<Credential> {
    let payload: JWTPayload;
    try {
      payload = await check(token);
    } catch (error) {
      if (error instanceof joseErrors.JOSEError) throw new InvalidToken(error.code);
      throw error; // the keys cannot be had: not the caller's fault
    }
    const parsed = claims.safeParse(payload);
    if (!parsed.success) throw new InvalidToken('claims');
    const { sub, org, orgKey, role, sid, name, iat, exp } = parsed.data;
    const credential: Credential = {
      viewer: { organizationId: org, organizationKey: orgKey, role, subject: { kind: 'USER', id: sub, name, sessionId: sid } },
      issuedAtMs: iat * 1_000,
      expiresAtMs: exp * 1_000,
    };
    verified.set(token, credential);
    return credential;
  }

  return {
    verify(token) {
      const known = verified.get(token);
      if (known) {
        if (known.expiresAtMs <= now()) throw new InvalidToken('expired');
        return known;
      }
      let running = pending.get(token);
      if (!running) {
        running = verifyAnew(token).finally(() => pending.delete(token));
        pending.set(token, running);
      }
      return running;
    },
  };
}

/** `GET JWKS_URL`. */
export function jwksFromUrl(url: string): JwksSource {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`JWKS: ${url} answered ${response.status}`);
    return (await response.json()) as JSONWebKeySet;
  };
}
