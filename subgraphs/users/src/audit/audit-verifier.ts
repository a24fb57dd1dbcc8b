import { sqlOf } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { followChain, GENESIS_HASH, type ChainPlace } from './audit-chain.js';
import { AuditRepository } from './audit.repository.js';
import type { ChainSeal } from './chain-seal.js';

const BATCH = 5_000;

export interface Verification {
  valid: boolean;
  /** Links that were followed and hold. */
  checked: number;
  firstBrokenId: string | null;
}

/** Computes every hash again. */
export class AuditVerifier {
  constructor(
    private readonly service: DataSource,
    private readonly seal: ChainSeal,
  ) {}

  /**
   * The whole trail, or a part of it: from the last link before `from`, which is taken as right, to the last at `to`.
   * Where links are missing at the end, the last one that is there is named.
   */
  async verify(organizationId: string, { from, to }: { from?: Date | null; to?: Date | null } = {}): Promise<Verification> {
    // One snapshot: what is added meanwhile is not looked at, and the end is the end of what is.
    return this.service.transaction('REPEATABLE READ', async (manager) => {
      const chain = new AuditRepository(sqlOf(manager));
      const head = await chain.mark('audit_head', organizationId);
      const anchor = await chain.mark('audit_anchor', organizationId);
      const start: ChainPlace = (from && (await chain.placeBefore(organizationId, from))) || (anchor ?? { seq: 0, hash: GENESIS_HASH });
      const untilSeq = to ? await chain.lastSeqUntil(organizationId, to) : Infinity;
      let place = start;
      let checked = 0;
      let lastId: string | null = null;
      const read = (after: number) => chain.linksAfter(organizationId, after, BATCH);
      let reading = read(place.seq);
      for (;;) {
        const batch = await reading;
        const more = batch.length === BATCH;
        // The database reads on while this process computes.
        if (more) reading = read(batch.at(-1)!.seq);
        const links = batch.filter(({ seq }) => seq <= untilSeq);
        const followed = followChain(place, links);
        checked += followed.place.seq - place.seq;
        place = followed.place;
        lastId = links.at(-1)?.id ?? lastId;
        if (followed.broken || !more || links.length < batch.length) {
          if (more) await reading;
          if (followed.broken) return { valid: false, checked, firstBrokenId: followed.broken.id };
          break;
        }
      }
      const endHolds =
        untilSeq !== Infinity ||
        (head ? head.seq === place.seq && head.hash === place.hash && this.seal.holds(organizationId, head) : place.seq === 0);
      const startHolds = !anchor || this.seal.holds(organizationId, anchor);
      return endHolds && startHolds ? { valid: true, checked, firstBrokenId: null } : { valid: false, checked, firstBrokenId: lastId };
    });
  }
}
