import { LessThan, MoreThan, type EntityManager } from 'typeorm';
import type { Role } from '@pulsegraph/contracts';
import { RevocationRow } from './revocation.entity.js';

export interface NewRevocation {
  organizationId: string;
  kind: RevocationRow['kind'];
  subjectId: string;
  role?: Role;
  at: Date;
}

export class RevocationRepository {
  constructor(private readonly manager: EntityManager) {}

  /**
   * Revisions are drawn under a lock held until commit: who has read revision 7 will never find a new 6.
   * Call it last in a transaction. @returns The last revision.
   */
  async append(revocations: readonly NewRevocation[]): Promise<number> {
    await this.manager.query(`select pg_advisory_xact_lock(hashtext('users.revocation'))`);
    let revision = 0;
    for (const { organizationId, kind, subjectId, role, at } of revocations) {
      const [row] = await this.manager.query<{ revision: string }[]>(
        `insert into revocation (revision, organization_id, kind, subject_id, role, at)
         values (nextval('revocation_revision'), $1, $2, $3, $4, $5) returning revision`,
        [organizationId, kind, subjectId, role ?? null, at],
      );
      revision = Number(row!.revision);
    }
    return revision;
  }

  after(revision: number, limit: number): Promise<RevocationRow[]> {
    return this.manager.find(RevocationRow, { where: { revision: MoreThan(String(revision)) }, order: { revision: 'ASC' }, take: limit });
  }

  async latestRevision(): Promise<number> {
    const [row] = await this.manager.query<{ revision: string }[]>(
      'select case when is_called then last_value else 0 end as revision from revocation_revision',
    );
    return Number(row!.revision);
  }

  async prune(before: Date): Promise<void> {
    await this.manager.delete(RevocationRow, { at: LessThan(before) });
  }
}
