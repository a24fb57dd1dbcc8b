import { isUuid, type AuditActorKind, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import { requirePermission } from '@pulsegraph/kit/viewer';
import type { DataSource, EntityManager, SelectQueryBuilder } from 'typeorm';
import { AuditEventRow } from './audit-event.entity.js';
import { NOBODY, type PersonalPart } from './audit-trail.service.js';
import type { PersonKeys } from './person-keys.js';

export interface AuditCriteria {
  actorId?: string | null;
  action?: string | null;
  subjectType?: string | null;
  subjectId?: string | null;
  from?: Date | null;
  to?: Date | null;
}

export interface AuditEventView {
  id: string;
  at: Date;
  actorKind: AuditActorKind;
  actorId: string | null;
  actorName: string;
  action: string;
  subjectType: string;
  subjectId: string | null;
  detail: Record<string, unknown>;
  ip: string | null;
  requestId: string | null;
  hash: string;
}

const FORGOTTEN: PersonalPart = { actorName: 'Erased', ip: null };

/** What administrators read of their organization's trail, newest first. */
export class AuditQueryService {
  constructor(
    private readonly api: DataSource,
    private readonly people: PersonKeys,
  ) {}

  async page(
    viewer: Viewer | null,
    args: { first?: number | null; after?: string | null; filter?: AuditCriteria | null },
    requestId: string,
  ) {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const page = parsePage(args.first ?? 50, args.after);
    const [afterSeq] = page.after ?? [];
    if (page.after && (page.after.length !== 1 || typeof afterSeq !== 'string' || !/^\d{1,18}$/.test(afterSeq))) {
      throw errors.badUserInput('after', 'is no cursor of this list');
    }
    const criteria = args.filter ?? {};
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const query = matching(manager, criteria)
          .orderBy('e.seq', 'DESC')
          .limit(page.first + 1);
        if (afterSeq !== undefined) query.andWhere('e.seq < :afterSeq', { afterSeq });
        const rows = await query.getMany();
        const { nodes, pageInfo } = toConnection(rows, page, ({ seq }) => [seq]);
        return { nodes: await this.opened(organizationId, nodes), pageInfo, totalCount: await matching(manager, criteria).getCount() };
      },
      requestId,
    );
  }

  /** Names and addresses of those who have not been erased. */
  async opened(organizationId: string, rows: readonly AuditEventRow[]): Promise<AuditEventView[]> {
    const keys = await this.people.find(organizationId, [...new Set(rows.map(({ actorId }) => actorId ?? NOBODY))]);
    return rows.map(({ sealed, detail, id, actorId, ...row }) => {
      const key = keys.get(actorId ?? NOBODY);
      return { ...row, id, actorId, detail: parsed(detail), ...(key ? openedOr(() => key.open(sealed, id)) : FORGOTTEN) };
    });
  }
}

/** A trail that was altered must still be readable, or nobody could look at what `verifyAuditTrail` has found. */
function openedOr(open: () => string): PersonalPart {
  try {
    return JSON.parse(open()) as PersonalPart;
  } catch {
    return { actorName: 'Unreadable', ip: null };
  }
}

function parsed(detail: string): Record<string, unknown> {
  try {
    return JSON.parse(detail) as Record<string, unknown>;
  } catch {
    return { unreadable: true };
  }
}

function matching(
  manager: EntityManager,
  { actorId, action, subjectType, subjectId, from, to }: AuditCriteria,
): SelectQueryBuilder<AuditEventRow> {
  const query = manager.createQueryBuilder(AuditEventRow, 'e').where('true');
  if (actorId != null) query.andWhere('e.actor_id = :actorId', { actorId: isUuid(actorId) ? actorId.toLowerCase() : actorId });
  if (action != null) query.andWhere('e.action = :action', { action });
  if (subjectType != null) query.andWhere('e.subject_type = :subjectType', { subjectType });
  if (subjectId != null)
    query.andWhere('e.subject_id = :subjectId', { subjectId: isUuid(subjectId) ? subjectId.toLowerCase() : subjectId });
  if (from) query.andWhere('e.at >= :from', { from });
  if (to) query.andWhere('e.at <= :to', { to });
  return query;
}
