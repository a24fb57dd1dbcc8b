import type { Revocation, RevocationFeedPage, Role } from '@pulsegraph/contracts';

/** Where the feed comes from: `GET /internal/revocations?since=` over HTTP, or the users subgraph in the same process. */
export interface RevocationSource {
  fetch(since: number): Promise<RevocationFeedPage>;
}

/** What is known of an access token or API key that asks to be let in. */
export interface RevocationSubject {
  /** The session family of a person's token. */
  sessionId?: string | null;
  apiKeyId?: string | null;
  userId?: string | null;
  /** Of the token: when it was issued. What was issued after a revocation of its user stands. */
  issuedAtMs: number;
  /** As the token says; a role that was changed since makes it void. */
  role: Role;
}

/** What ended before its time, kept by the users subgraph's feed. Look-ups are synchronous and cost a map access. */
export interface RevocationList {
  /** Resolves after the first answer of the feed. Retries for ever. */
  start(): Promise<void>;
  stop(): Promise<void>;
  isRevoked(subject: RevocationSubject): boolean;
  /** Called once per revocation, in order. Returns the function that ends it. */
  onRevocation(listener: (revocation: Revocation) => void): () => void;
  /** The feed has not answered for more than 10 s: sessions live on until their access token ends. */
  readonly degraded: boolean;
  readonly revision: number;
}
