import type { Revocation, RevocationFeedPage } from '@pulsegraph/contracts';
import type { RevocationSource } from '@pulsegraph/kit/revocations';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export interface FakeRevocationSource extends RevocationSource {
  /** Adds revocations, one revision each. Returns the new revision. */
  push(...revocations: readonly DistributiveOmit<Revocation, 'revision'>[]): number;
  /** From now on every fetch fails, as during an outage of users; `null` ends that. */
  failWith(error: Error | null): void;
}

/** The revocations feed in memory. */
export function fakeRevocationSource(): FakeRevocationSource {
  const history: Revocation[] = [];
  let failure: Error | null = null;
  return {
    push: (...revocations) => {
      for (const revocation of revocations) history.push({ ...revocation, revision: history.length + 1 });
      return history.length;
    },
    failWith: (error) => void (failure = error),
    fetch: async (since): Promise<RevocationFeedPage> => {
      if (failure) throw failure;
      return { revision: history.length, revocations: history.slice(since) };
    },
  };
}
