import type { Pool } from 'pg';
import { appendDeviceChanges, appendRegistryChanges, type DeviceChangeDraft } from '../change/append-changes.js';
import type { CommittedChanges } from '../change/change-publisher.js';
import { factsOf } from '../change/device-facts.js';
import { inServiceTransaction } from '../change/sql.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { Label } from './device.entity.js';
import { withReported } from './device.rules.js';

/** Label key → value, as a device last said it. */
export type ReportedLabels = ReadonlyMap<string, string>;

interface Row {
  id: string;
  organization_id: string;
  key: string;
  name: string;
  profile_id: string;
  labels: Label[];
}

/** Labels that devices report, of all organizations. Service role: one consumer of the log serves them all. */
export class ReportedLabelsRepository {
  constructor(private readonly pool: Pool) {}

  /** The device rows, the changes that subscribers hear and the feed entries, in one transaction. What is so already changes nothing. */
  async apply(reported: ReadonlyMap<string, ReportedLabels>, at: Date): Promise<CommittedChanges> {
    return inServiceTransaction(this.pool, async (sql) => {
      const locked = await sql<Row>(
        `select d.id, d.organization_id, d.key, d.name, d.profile_id, d.labels from devices.device d
         where d.id = any($1::uuid[]) and d.lifecycle = 'ACTIVE' and d.accepted_at is not null
         order by d.id for update`,
        [[...reported.keys()]],
      );
      const due = locked.flatMap((row) => {
        const labels = withReported(row.labels, reported.get(row.id)!);
        return labels ? [{ ...row, labels }] : [];
      });
      const seqs = new Map<string, number>();
      if (due.length === 0) return { revision: 0, seqs };
      const ids = due.map(({ id }) => id);
      const before = await factsOf(sql, ids);
      await sql(
        `update devices.device d set labels = v.labels, updated_at = $2
         from jsonb_to_recordset($1::jsonb) as v(id uuid, labels jsonb) where d.id = v.id`,
        [JSON.stringify(due.map(({ id, labels }) => ({ id, labels }))), at],
      );
      const after = await factsOf(sql, ids);
      // Organizations in one order everywhere, or two transactions could wait for each other.
      for (const organizationId of [...new Set(due.map((row) => row.organization_id))].sort()) {
        const changes = due
          .filter((row) => row.organization_id === organizationId)
          .map(({ id }): DeviceChangeDraft => ({ deviceId: id, kind: 'UPDATED', at, before: before.get(id)!, after: after.get(id)! }));
        seqs.set(organizationId, (await appendDeviceChanges(sql, { organizationId, organizationKey: null }, changes)).seq);
      }
      const entries = due.map(({ id, organization_id: organizationId, key, name, profile_id: profileId, labels }) =>
        registryEntry.device({ id, organizationId, key, name, profileId, lifecycle: 'ACTIVE', labels }),
      );
      return { revision: await appendRegistryChanges(sql, entries), seqs };
    });
  }
}
