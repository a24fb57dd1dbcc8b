import type { Role } from './permission.js';

/** Who is asking, as the gateway has verified it. Signed for the subgraphs; see kit/viewer. */
export interface Viewer {
  organizationId: string;
  /** The slug in topics. */
  organizationKey: string;
  role: Role;
  /** Null for a class viewer: a shared upstream subscription and its entity fetches act for a role, not for a person. */
  subject: ViewerSubject | null;
}

export interface ViewerSubject {
  kind: 'USER' | 'API_KEY';
  id: string;
  /** For histories: the name as it was then. */
  name: string;
  /** The session family, null for API keys. */
  sessionId: string | null;
}

/** Body of `POST /internal/api-keys/verify` (internal token). */
export interface ApiKeyQuestion {
  /** As the client sent it, `pgk_…`. */
  key: string;
}

/** Its answer with 200; 404 for a key that is unknown, revoked or over. Keep it for 5 s at most. */
export interface ApiKeyVerification {
  viewer: Viewer;
  expiresAtMs: number | null;
}

/** Body of `POST /internal/contacts` (internal token): where people of an organization can be reached. */
export interface ContactQuestion {
  organizationId: string;
  userIds: readonly string[];
}

/** One of its answers; only active people of that organization are in it. */
export interface Contact {
  id: string;
  name: string;
  email: string;
}

/** Header, and graphql-ws connection parameter, that carries the signed viewer from the gateway to a subgraph. */
export const VIEWER_HEADER = 'x-pulsegraph-viewer';
/** Travels from the client to the database; echoed to the client. */
export const REQUEST_ID_HEADER = 'x-request-id';
/** Address of the client as the gateway saw it; trusted by subgraphs only beside the internal token. */
export const CLIENT_ADDRESS_HEADER = 'x-pulsegraph-client-address';
