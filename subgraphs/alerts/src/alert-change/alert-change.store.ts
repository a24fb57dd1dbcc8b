import type { AlertTransition, AlertStatus, Severity } from '@pulsegraph/contracts';
import type { Change } from '@pulsegraph/kit/change-stream';
import { errors } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { alertOfSnapshot, type Alert, type AlertSnapshot } from '../alert/alert.entity.js';
import { sqlOfManager } from '../sql.js';

export interface AlertChangeRecord {
  transition: AlertTransition;
  at: Date;
  alert: Alert;
  before: { status: AlertStatus; severity: Severity } | null;
}

interface Row {
  seq: string;
  transition: AlertTransition;
  at: Date;
  status_before: AlertStatus | null;
  severity_before: Severity | null;
  alert: AlertSnapshot;
}

/** The commit-ordered feed of alert transitions, read under row-level security. */
export class AlertChangeStore {
  constructor(private readonly dataSource: DataSource) {}

  latestSeq(organizationId: string): Promise<number> {
    return inOrganization(this.dataSource, organizationId, async (manager) => {
      const [head] = await sqlOfManager(manager)<{ seq: string }>('select seq from alert_change_head');
      return Number(head?.seq ?? 0);
    });
  }

  /** @throws CURSOR_EXPIRED when the first change after `seq` has been pruned, or when `seq` is not yet. */
  readAfter(organizationId: string, seq: number, limit: number): Promise<Change<AlertChangeRecord>[]> {
    return inOrganization(this.dataSource, organizationId, async (manager) => {
      const sql = sqlOfManager(manager);
      // Changes first: pruning between the two statements then shows in the second.
      const rows = await sql<Row>(
        'select seq, transition, at, status_before, severity_before, alert from alert_change where seq > $1 order by seq limit $2',
        [seq, limit],
      );
      const [head] = await sql<{ seq: string; pruned_to: string }>('select seq, pruned_to from alert_change_head');
      if (seq < Number(head?.pruned_to ?? 0) || seq > Number(head?.seq ?? 0)) throw errors.cursorExpired();
      return rows.map((row) => ({
        seq: Number(row.seq),
        change: {
          transition: row.transition,
          at: row.at,
          alert: alertOfSnapshot(row.alert),
          before: row.status_before && row.severity_before ? { status: row.status_before, severity: row.severity_before } : null,
        },
      }));
    });
  }
}
