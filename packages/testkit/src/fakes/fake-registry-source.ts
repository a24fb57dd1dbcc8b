import type { RegistryChange, RegistryFeedPage } from '@pulsegraph/contracts';
import type { RegistrySource } from '@pulsegraph/kit/registry';
import type { RegistryEdit } from '../builders/registry.builder.js';

export interface FakeRegistrySource extends RegistrySource {
  readonly revision: number;
  /** Adds changes as the devices subgraph would, one revision each. Returns the new revision. */
  push(...edits: readonly RegistryEdit[]): number;
  /** From now on every fetch fails, as during an outage of devices; `null` ends that. */
  failWith(error: Error | null): void;
  readonly fetchCount: number;
}

/** The registry feed in memory, with the rules of the real one: since=0 gives a snapshot, later pages give deltas. */
export function fakeRegistrySource(edits: readonly RegistryEdit[] = [], { pageSize = 1_000 } = {}): FakeRegistrySource {
  const history: RegistryChange[] = [];
  let failure: Error | null = null;
  let fetchCount = 0;
  const push = (...more: readonly RegistryEdit[]) => {
    for (const edit of more) history.push({ ...edit, revision: history.length + 1 } as RegistryChange);
    return history.length;
  };
  push(...edits);
  return {
    push,
    get revision() {
      return history.length;
    },
    get fetchCount() {
      return fetchCount;
    },
    failWith: (error) => void (failure = error),
    fetch: async (since): Promise<RegistryFeedPage> => {
      fetchCount++;
      if (failure) throw failure;
      if (since === 0) {
        const last = new Map(history.map((change) => [`${change.kind} ${change.id}`, change]));
        return { revision: history.length, snapshot: true, changes: [...last.values()].filter(({ value }) => value !== null) };
      }
      const changes = history.slice(since, since + pageSize);
      return { revision: since + changes.length, snapshot: false, changes };
    },
  };
}
