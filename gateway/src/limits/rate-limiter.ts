import { DomainError } from '@pulsegraph/kit/errors';
import { LRUCache } from 'lru-cache';
import type { Viewer } from '@pulsegraph/contracts';

/** Units that one caller may spend in a minute, and at once after a pause. */
export interface RateLimits {
  /** Per address, without a viewer. */
  strangerPerMinute: number;
  /** Per person or API key. */
  viewerPerMinute: number;
  /** Of all viewers of one organization together. */
  organizationPerMinute: number;
  /** Per address: signing in and asking for a new password, right or wrong. */
  signInPerMinute: number;
}

/** Told of what was spent here; answers how long its key must wait, by what all processes have spent. */
export type SharedBuckets = (key: string, units: number, perMinute: number) => Promise<number>;

/** An operation of this many points costs one unit; a costlier one more. */
const POINTS_PER_UNIT = 1_000;
const GUESSABLE = new Set(['signIn', 'requestPasswordReset', 'resetPassword', 'acceptInvitation']);

interface Bucket {
  units: number;
  atMs: number;
  /** By what the shared bucket said. */
  closedUntilMs: number;
}

export interface RateLimited {
  viewer: Viewer | null;
  clientAddress?: string;
}

/**
 * Token buckets. The one in this process decides at once; where several processes serve, what was spent is reported to
 * Redis beside the request, and its answer closes the local bucket. So no request waits for Redis, and what callers can
 * spend too much is what fits into one round trip.
 */
export class RateLimiter {
  private readonly buckets = new LRUCache<string, Bucket>({ max: 100_000 });

  constructor(
    private readonly limits: RateLimits,
    private readonly shared: SharedBuckets | null = null,
    private readonly now: () => number = Date.now,
  ) {}

  /** Before anything is parsed. @throws RATE_LIMITED. */
  admit({ viewer, clientAddress }: RateLimited): void {
    this.spend(viewer, clientAddress, 1);
  }

  /** When the cost is known. @throws RATE_LIMITED. */
  charge({ viewer, clientAddress }: RateLimited, costPoints: number, rootFields: readonly string[] | null): void {
    if (costPoints > POINTS_PER_UNIT) this.spend(viewer, clientAddress, Math.ceil(costPoints / POINTS_PER_UNIT) - 1);
    for (const field of rootFields ?? []) {
      if (GUESSABLE.has(field)) this.take(`sign-in ${clientAddress ?? 'unknown'}`, 1, this.limits.signInPerMinute);
    }
  }

  private spend(viewer: Viewer | null, clientAddress: string | undefined, units: number): void {
    if (!viewer) return this.take(`address ${clientAddress ?? 'unknown'}`, units, this.limits.strangerPerMinute);
    this.take(`viewer ${viewer.subject?.id ?? viewer.organizationId}`, units, this.limits.viewerPerMinute);
    this.take(`organization ${viewer.organizationId}`, units, this.limits.organizationPerMinute);
  }

  private take(key: string, units: number, perMinute: number): void {
    const nowMs = this.now();
    let bucket = this.buckets.get(key);
    if (!bucket) this.buckets.set(key, (bucket = { units: perMinute, atMs: nowMs, closedUntilMs: 0 }));
    bucket.units = Math.min(perMinute, bucket.units + ((nowMs - bucket.atMs) * perMinute) / 60_000);
    bucket.atMs = nowMs;
    if (bucket.closedUntilMs > nowMs) throw rateLimited(bucket.closedUntilMs - nowMs);
    // What costs more than a minute's worth goes through a full bucket, and empties it.
    const wanted = Math.min(units, perMinute);
    if (bucket.units < wanted) throw rateLimited(((wanted - bucket.units) * 60_000) / perMinute);
    bucket.units -= wanted;
    const taken = bucket;
    // With Redis away each process counts for itself.
    this.shared?.(key, wanted, perMinute).then(
      (waitMs) => void (taken.closedUntilMs = waitMs > 0 ? nowMs + waitMs : taken.closedUntilMs),
      () => undefined,
    );
  }
}

function rateLimited(waitMs: number): DomainError {
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  return new DomainError('RATE_LIMITED', `Too many requests; try again in ${Math.ceil(retryAfterMs / 1_000)} s.`, { retryAfterMs });
}
