import { inOrganization } from '@pulsegraph/kit/postgres';
import type { Page } from '@pulsegraph/kit/pagination';
import { In, type DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { DeadLetter } from './dead-letter.entity.js';

export interface DeadLetterCriteria {
  deviceKey?: string | null;
  reason?: string | null;
}

/** A row with its place: Postgres's microseconds, which a Date would lose. */
export interface PlacedDeadLetter {
  letter: DeadLetter;
  receivedUs: string;
}

const RECEIVED_US = '(extract(epoch from d.received_at) * 1000000)::int8';

export class DeadLetterRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first; one more than the page asks for where there is more. */
  async page(organizationId: string, criteria: DeadLetterCriteria, { first, after }: Page, requestId: string) {
    return this.scoped(organizationId, requestId, async (manager) => {
      const matching = () => narrow(manager.createQueryBuilder(DeadLetter, 'd'), criteria);
      const totalCount = await matching().getCount();
      const query = matching()
        .addSelect(RECEIVED_US, 'received_us')
        .orderBy('d.receivedAt', 'DESC')
        .addOrderBy('d.id', 'DESC')
        .limit(first + 1);
      if (after) query.andWhere(`(${RECEIVED_US}, d.dead_letter_id) < (:us::int8, :id::uuid)`, { us: after[0], id: after[1] });
      const { entities, raw } = await query.getRawAndEntities<{ received_us: string }>();
      return { totalCount, rows: entities.map((letter, index): PlacedDeadLetter => ({ letter, receivedUs: raw[index]!.received_us })) };
    });
  }

  find(organizationId: string, ids: readonly string[], requestId: string): Promise<DeadLetter[]> {
    return this.scoped(organizationId, requestId, (manager) => manager.findBy(DeadLetter, { id: In([...ids]) }));
  }

  markReplayed(organizationId: string, ids: readonly string[], requestId: string): Promise<unknown> {
    return this.scoped(organizationId, requestId, (manager) =>
      manager.update(DeadLetter, { id: In([...ids]) }, { replayedAt: () => 'now()' }),
    );
  }

  async discard(organizationId: string, ids: readonly string[], requestId: string): Promise<number> {
    const { affected } = await this.scoped(organizationId, requestId, (manager) => manager.delete(DeadLetter, { id: In([...ids]) }));
    return affected ?? 0;
  }

  private scoped<T>(organizationId: string, requestId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work, requestId);
  }
}

function narrow(query: SelectQueryBuilder<DeadLetter>, { deviceKey, reason }: DeadLetterCriteria): SelectQueryBuilder<DeadLetter> {
  query.where('true');
  if (deviceKey != null) query.andWhere('d.deviceKey = :deviceKey', { deviceKey });
  if (reason != null) query.andWhere('d.reason = :reason', { reason });
  return query;
}
