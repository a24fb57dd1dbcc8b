import { createHash } from 'node:crypto';

/** What the hash of a link covers, in this order. */
export interface ChainLink {
  organizationId: string;
  seq: number;
  id: string;
  /** With microseconds, as the database keeps it: `2026-11-27T19:20:00.123000Z`. */
  at: string;
  actorKind: string;
  actorId: string | null;
  action: string;
  subjectType: string;
  subjectId: string | null;
  detail: string;
  requestId: string | null;
  sealed: string;
}

/** Before the first link. */
export const GENESIS_HASH = '0'.repeat(64);

/** SHA-256 of the hash before, a line feed, and a JSON array: anybody can compute it again in any language. */
export function linkHash(previousHash: string, link: ChainLink): string {
  const { organizationId, seq, id, at, actorKind, actorId, action, subjectType, subjectId, detail, requestId, sealed } = link;
  const fields = [organizationId, seq, id, at, actorKind, actorId, action, subjectType, subjectId, detail, requestId, sealed];
  return createHash('sha256')
    .update(`${previousHash}\n${JSON.stringify(fields)}`)
    .digest('hex');
}

export interface HashedLink extends ChainLink {
  hash: string;
}

export interface ChainPlace {
  seq: number;
  hash: string;
}

/**
 * Follows a chain from a place that is known to be right.
 * @returns The place it leads to, or the first link that does not follow: altered, inserted, or after one that is gone.
 */
export function followChain(from: ChainPlace, links: readonly HashedLink[]): { place: ChainPlace; broken: HashedLink | null } {
  let { seq, hash } = from;
  for (const link of links) {
    if (link.seq !== seq + 1 || linkHash(hash, link) !== link.hash) return { place: { seq, hash }, broken: link };
    ({ seq, hash } = link);
  }
  return { place: { seq, hash }, broken: null };
}
