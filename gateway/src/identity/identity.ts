import type { Revocation, Viewer } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';
import type { RevocationList } from '@pulsegraph/kit/revocations';
import { API_KEY_PREFIX } from './api-key.js';
import { InvalidToken, type AccessTokenVerifier, type Credential } from './access-token.js';

/** Turns what a client sends as `Authorization` into a viewer, and knows when that ends. */
export interface Identity {
  /**
   * @returns null without a credential: a stranger, whom resolvers refuse.
   * @throws UNAUTHENTICATED for a credential that is invalid, over or revoked; SERVICE_UNAVAILABLE when the keys to
   * check it cannot be had.
   */
  authenticate(authorization: string | undefined): Credential | null | Promise<Credential | null>;
  isRevoked(credential: Credential): boolean;
  /** Called for each revocation. Returns the function that ends it. */
  onRevocation(listener: (revocation: Revocation) => void): () => void;
}

const refused = () => new DomainError('UNAUTHENTICATED', 'The access token is invalid or has expired. Refresh it, or sign in.');

export interface Verifiers {
  tokens: AccessTokenVerifier;
  /** Without it API keys are refused. */
  apiKeys?: AccessTokenVerifier;
}

export function createIdentity({ tokens, apiKeys }: Verifiers, revocations: Pick<RevocationList, 'isRevoked' | 'onRevocation'>): Identity {
  const isRevoked = ({ viewer, issuedAtMs }: Credential) => {
    const { subject, role } = viewer;
    if (!subject) return false;
    return subject.kind === 'USER'
      ? revocations.isRevoked({ userId: subject.id, sessionId: subject.sessionId, issuedAtMs, role })
      : revocations.isRevoked({ apiKeyId: subject.id, issuedAtMs, role });
  };
  const admit = (credential: Credential) => {
    if (isRevoked(credential)) throw refused();
    return credential;
  };
  const explain = (error: unknown): never => {
    if (error instanceof InvalidToken) throw refused();
    if (error instanceof DomainError) throw error;
    throw new DomainError('SERVICE_UNAVAILABLE', 'Access tokens cannot be checked just now.', { service: 'users' }, { cause: error });
  };
  return {
    authenticate(authorization) {
      if (!authorization) return null;
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      if (!token) throw refused();
      try {
        const credential = (apiKeys && token.startsWith(API_KEY_PREFIX) ? apiKeys : tokens).verify(token);
        return credential instanceof Promise ? credential.then(admit, explain) : admit(credential);
      } catch (error) {
        return explain(error);
      }
    },
    isRevoked,
    onRevocation: (listener) => revocations.onRevocation(listener),
  };
}

/** `--no-auth`: everybody is a stranger, and nothing is checked. */
export const noIdentity: Identity = {
  authenticate: () => null,
  isRevoked: () => false,
  onRevocation: () => () => undefined,
};

/**
 * Whom a shared subscription runs as: the same for everybody with this organization and role, so that their results
 * are the same.
 */
export function classViewer(viewer: Viewer | null): Viewer | null {
  return viewer && { organizationId: viewer.organizationId, organizationKey: viewer.organizationKey, role: viewer.role, subject: null };
}
