import { busChannel, type RegistryWakeUp, type Revocation, type RevocationFeedPage } from '@pulsegraph/contracts';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { DataSource, EntityManager } from 'typeorm';
import type { RevocationRow } from './revocation.entity.js';
import { RevocationRepository, type NewRevocation } from './revocation.repository.js';

const PAGE_SIZE = 1_000;
/** Far longer than any access token lives, and than a reader is away without starting anew. */
const KEEP_MS = 24 * 3_600_000;

/** What ended before its time, in commit order, for whoever verifies tokens. */
export class RevocationFeed {
  constructor(
    private readonly service: DataSource,
    private readonly bus: LiveBus,
    private readonly log: Log,
    private readonly now: () => Date,
  ) {}

  /**
   * Runs `work` in one transaction of the service role; the revocations it adds are stored with its other changes and
   * announced after commit. Readers poll too, so a lost announcement costs two seconds.
   */
  async revoking<T>(work: (manager: EntityManager, revoke: (revocation: Omit<NewRevocation, 'at'>) => void) => Promise<T>): Promise<T> {
    let revision = 0;
    const result = await this.service.transaction(async (manager) => {
      const revocations: NewRevocation[] = [];
      const done = await work(manager, (revocation) => revocations.push({ ...revocation, at: this.now() }));
      if (revocations.length > 0) revision = await new RevocationRepository(manager).append(revocations);
      return done;
    });
    if (revision > 0) {
      const wakeUp: RegistryWakeUp = { revision };
      await this.bus.publish(busChannel.revocations, wakeUp).catch((error: unknown) => {
        this.log.warn({ err: error, revision }, 'Revocation stored but not announced; readers find it at their next poll');
      });
    }
    return result;
  }

  /** What came after `since`, a page at most. A reader that is ahead of us (restored database) starts anew. */
  async fetch(since: number): Promise<RevocationFeedPage> {
    const repository = new RevocationRepository(this.service.manager);
    const from = since > (await repository.latestRevision()) ? 0 : since;
    const rows = await repository.after(from, PAGE_SIZE);
    return { revision: Number(rows.at(-1)?.revision ?? from), revocations: rows.map(toRevocation) };
  }

  prune(): Promise<void> {
    return new RevocationRepository(this.service.manager).prune(new Date(this.now().getTime() - KEEP_MS));
  }
}

function toRevocation({ revision, organizationId, kind, subjectId, role, at }: RevocationRow): Revocation {
  const base = { revision: Number(revision), organizationId, atMs: at.getTime() };
  switch (kind) {
    case 'session':
      return { ...base, kind, sessionId: subjectId };
    case 'api-key':
      return { ...base, kind, apiKeyId: subjectId };
    case 'user':
      return { ...base, kind, userId: subjectId };
    case 'role':
      return { ...base, kind, userId: subjectId, role: role! };
  }
}
