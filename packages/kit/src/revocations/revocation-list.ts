import { busChannel, type Revocation, type RevocationFeedPage } from '@pulsegraph/contracts';
import { FeedFollower, fetchFeed, type HttpFeedOptions } from '../feed/index.js';
import type { LiveBus } from '../live-bus/index.js';
import type { Log } from '../log/index.js';
import type { RevocationList, RevocationSource } from './revocations.js';

export interface RevocationListOptions {
  source: RevocationSource;
  bus: LiveBus;
  log: Log;
  /** Default 2 s. */
  pollMs?: number;
  now?: () => number;
}

/** No access token lives longer: a revocation older than this has no token left to refuse. API keys are refused by users. */
export const LONGEST_ACCESS_TOKEN_LIFE_MS = 15 * 60_000;
const DEGRADED_AFTER_MS = 10_000;
/** Clocks of two machines may differ by this much. */
const CLOCK_SKEW_MS = 60_000;

/** The feed over HTTP: `GET {url}/internal/revocations?since=N`. */
export function httpRevocationSource(options: HttpFeedOptions): RevocationSource {
  return { fetch: (since) => fetchFeed<RevocationFeedPage>(options, '/internal/revocations', since) };
}

type RoleRevocation = Extract<Revocation, { kind: 'role' }>;

export function createRevocationList({ source, bus, log, pollMs = 2_000, now = Date.now }: RevocationListOptions): RevocationList {
  const sessions = new Map<string, number>();
  const apiKeys = new Map<string, number>();
  const users = new Map<string, number>();
  const roles = new Map<string, RoleRevocation>();
  const listeners = new Set<(revocation: Revocation) => void>();
  let revision = 0;
  let forgottenAtMs = now();

  const remember = (revocation: Revocation) => {
    switch (revocation.kind) {
      case 'session':
        return void sessions.set(revocation.sessionId, revocation.atMs);
      case 'api-key':
        return void apiKeys.set(revocation.apiKeyId, revocation.atMs);
      case 'user':
        return void users.set(revocation.userId, revocation.atMs);
      case 'role':
        return void roles.set(revocation.userId, revocation);
    }
  };

  const forgetOld = () => {
    if (now() - forgottenAtMs < CLOCK_SKEW_MS) return;
    forgottenAtMs = now();
    const before = now() - LONGEST_ACCESS_TOKEN_LIFE_MS - CLOCK_SKEW_MS;
    for (const ended of [sessions, apiKeys, users]) {
      for (const [id, atMs] of ended) if (atMs < before) ended.delete(id);
    }
    for (const [id, { atMs }] of roles) if (atMs < before) roles.delete(id);
  };

  const follower = new FeedFollower({
    name: 'revocations',
    bus,
    channel: busChannel.revocations,
    pollMs,
    log,
    step: async () => {
      const before = revision;
      const page = await source.fetch(before);
      for (const revocation of page.revocations) {
        remember(revocation);
        for (const listener of listeners) {
          try {
            listener(revocation);
          } catch (error) {
            log.error({ err: error, revision: revocation.revision }, 'A listener of the revocations failed');
          }
        }
      }
      revision = page.revision;
      forgetOld();
      // A smaller revision: users was restored from a backup, and its order begins anew from there.
      return page.revision !== before;
    },
  });

  return {
    start: () => follower.start(),
    stop: () => follower.stop(),
    isRevoked: ({ sessionId, apiKeyId, userId, issuedAtMs, role }) => {
      if (sessionId && sessions.has(sessionId)) return true;
      if (apiKeyId && apiKeys.has(apiKeyId)) return true;
      if (!userId) return false;
      // A token that was issued later was issued knowing of it, for example after the user was activated again.
      const endedAtMs = users.get(userId);
      if (endedAtMs !== undefined && issuedAtMs <= endedAtMs) return true;
      const changed = roles.get(userId);
      return changed !== undefined && issuedAtMs <= changed.atMs && role !== changed.role;
    },
    onRevocation: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get degraded() {
      return follower.ageMs > DEGRADED_AFTER_MS;
    },
    get revision() {
      return revision;
    },
  };
}
