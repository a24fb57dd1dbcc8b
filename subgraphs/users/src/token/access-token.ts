import type { Role } from '@pulsegraph/contracts';
import { SignJWT, type CryptoKey } from 'jose';

export const ACCESS_TOKEN_LIFETIME_MS = 10 * 60_000;
export const SIGNATURE_ALGORITHM = 'EdDSA';
/** Both `iss` and `aud`. */
export const TOKEN_ISSUER = 'pulsegraph';

export interface AccessTokenClaims {
  userId: string;
  name: string;
  organizationId: string;
  organizationKey: string;
  role: Role;
  sessionId: string;
}

export interface AccessToken {
  token: string;
  expiresAt: Date;
}

/**
 * Signs what the gateway needs to know of a person, so that no request asks the database who is calling:
 * `sub` user, `name`, `org`, `orgKey`, `role`, `sid` session.
 */
export async function signAccessToken(
  claims: AccessTokenClaims,
  key: { kid: string; privateKey: CryptoKey },
  now: Date,
): Promise<AccessToken> {
  // Whole seconds, as the token holds them: the instant we announce is the one it ends at.
  const issuedAtS = Math.floor(now.getTime() / 1_000);
  const expiresAtS = issuedAtS + ACCESS_TOKEN_LIFETIME_MS / 1_000;
  const token = await new SignJWT({
    org: claims.organizationId,
    orgKey: claims.organizationKey,
    role: claims.role,
    sid: claims.sessionId,
    name: claims.name,
  })
    .setProtectedHeader({ alg: SIGNATURE_ALGORITHM, kid: key.kid, typ: 'JWT' })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_ISSUER)
    .setSubject(claims.userId)
    .setIssuedAt(issuedAtS)
    .setExpirationTime(expiresAtS)
    .sign(key.privateKey);
  return { token, expiresAt: new Date(expiresAtS * 1_000) };
}
