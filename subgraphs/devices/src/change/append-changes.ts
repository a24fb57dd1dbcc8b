import { registryEntry, type RegistryDraft } from '../registry/registry-entries.js';
import type { DeviceFacts } from './device-facts.js';
import type { Sql } from './sql.js';

export const DEVICE_CHANGE_KINDS = ['REGISTERED', 'UPDATED', 'RETIRED', 'CONNECTED', 'DISCONNECTED', 'ASSIGNMENT'] as const;
export type DeviceChangeKind = (typeof DEVICE_CHANGE_KINDS)[number];

export interface DeviceChangeDraft {
  deviceId: string;
  kind: DeviceChangeKind;
  at: Date;
  before: DeviceFacts | null;
  after: DeviceFacts;
}

/** Null where the service role writes for an organization that is there already. */
export interface OrganizationRef {
  organizationId: string;
  organizationKey: string | null;
}

/**
 * Gives device changes their place in the organization's order. Call last in a transaction: the row lock, held until
 * commit, is what makes seq grow in commit order, so nobody who reads up to seq can miss a smaller one.
 * @returns The new place, and the organization's own registry entry when this was its first change.
 */
export async function appendDeviceChanges(
  sql: Sql,
  { organizationId, organizationKey }: OrganizationRef,
  changes: readonly DeviceChangeDraft[],
): Promise<{ seq: number; first: RegistryDraft[] }> {
  const advance = () =>
    sql<{ seq: string }>(
      `update devices.organization set device_seq = device_seq + $2 where organization_id = $1 returning device_seq as seq`,
      [organizationId, changes.length],
    );
  let [row] = await advance();
  const first: RegistryDraft[] = [];
  if (!row && organizationKey) {
    // Several first changes may come at once: whichever index they meet at, one inserts and the others wait for it.
    const made = await sql(
      `insert into devices.organization (organization_id, key) values ($1, $2) on conflict do nothing returning organization_id`,
      [organizationId, organizationKey],
    );
    if (made.length > 0) first.push(registryEntry.organization(organizationId, organizationKey));
    [row] = await advance();
  }
  if (!row) throw new Error(`Organization ${organizationId} has no row although it has devices`);
  const seq = Number(row.seq);
  if (changes.length > 0) {
    await sql(
      `insert into devices.device_change (organization_id, seq, device_id, kind, at, before, after)
       select $1, c.seq, c."deviceId", c.kind, c.at, nullif(c.before, 'null'::jsonb), c.after
       from jsonb_to_recordset($2::jsonb) as c(seq bigint, "deviceId" uuid, kind text, at timestamptz, before jsonb, after jsonb)`,
      [organizationId, JSON.stringify(changes.map((change, index) => ({ ...change, seq: seq - changes.length + 1 + index })))],
    );
  }
  return { seq, first };
}

/** One key for the whole feed: revisions must grow in commit order across organizations. */
const FEED_LOCK = 0x7067_7266;

/**
 * Puts entries into the registry feed. The very last step of a transaction, for the same reason as above; the lock is
 * global, so it must be short. An entry named twice keeps its last value.
 * @returns The newest revision, 0 when there was nothing to write.
 */
export async function appendRegistryChanges(sql: Sql, drafts: readonly RegistryDraft[]): Promise<number> {
  const entries = [...new Map(drafts.map((entry) => [`${entry.kind} ${entry.id}`, entry])).values()];
  if (entries.length === 0) return 0;
  await sql('select pg_advisory_xact_lock($1)', [FEED_LOCK]);
  const [row] = await sql<{ revision: string }>(
    `with entry as (
       select e.*, nextval('devices.registry_revision') as revision
       from jsonb_to_recordset($1::jsonb) as e(kind text, id uuid, "organizationId" uuid, value jsonb)
     ), written as (
       insert into devices.registry_change (kind, entry_id, organization_id, revision, value)
       select kind, id, "organizationId", revision, nullif(value, 'null'::jsonb) from entry
       on conflict (kind, entry_id) do update set revision = excluded.revision, value = excluded.value
       returning revision
     )
     select max(revision) as revision from written`,
    [JSON.stringify(entries)],
  );
  return Number(row!.revision);
}
