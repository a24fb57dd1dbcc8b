import type { Connectivity } from '@pulsegraph/contracts';
import type { Pool } from 'pg';
import { appendDeviceChanges, appendRegistryChanges, type DeviceChangeDraft } from '../change/append-changes.js';
import type { CommittedChanges } from '../change/change-publisher.js';
import { factsOf } from '../change/device-facts.js';
import { inServiceTransaction, sqlOfClient, type Sql } from '../change/sql.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { Presence } from './presence.js';

/** As it stands in the database. */
export interface StoredPresence {
  deviceId: string;
  organizationId: string;
  connectivity: Connectivity;
  lastSeenAtMs: number | null;
  status: { online: boolean; atMs: number } | null;
}

/** A transition that this instance believes in; the locked row has the last word. */
export interface WantedTransition {
  presence: Presence;
  to: Connectivity;
  /** For silence: the device must not have been heard of since, by whatever instance. */
  onlyIfNotSeenSinceMs?: number;
}

interface Row {
  device_id: string;
  organization_id: string;
  connectivity: Connectivity;
  last_seen_ms: number | null;
  status_online: boolean | null;
  status_ms: number | null;
}

const COLUMNS = `p.device_id, p.organization_id, p.connectivity, p.status_online,
  (extract(epoch from p.last_seen_at) * 1000)::float8 as last_seen_ms, (extract(epoch from p.status_at) * 1000)::float8 as status_ms`;

/** Presence of all organizations' devices. Service role: one consumer of the log serves them all. */
export class PresenceRepository {
  constructor(private readonly pool: Pool) {}

  async all(): Promise<StoredPresence[]> {
    const rows = await sqlOfClient(this.pool)<Row>(`select ${COLUMNS} from devices.device_presence p`);
    return rows.map(toStored);
  }

  /** One statement for everything heard since the last one. Times only ever grow. */
  async touch(presences: readonly Presence[], sql: Sql = sqlOfClient(this.pool)): Promise<void> {
    if (presences.length === 0) return;
    await sql(
      `update devices.device_presence p set
         last_seen_at = greatest(p.last_seen_at, to_timestamp(v.seen_ms / 1000)),
         status_online = case when p.status_at > to_timestamp(v.status_ms / 1000) then p.status_online else coalesce(v.online, p.status_online) end,
         status_at = greatest(p.status_at, to_timestamp(v.status_ms / 1000))
       from unnest($1::uuid[], $2::float8[], $3::boolean[], $4::float8[]) as v(device_id, seen_ms, online, status_ms)
       where p.device_id = v.device_id`,
      [
        presences.map(({ deviceId }) => deviceId),
        presences.map(({ lastSeenAtMs }) => lastSeenAtMs),
        presences.map(({ status }) => status?.online ?? null),
        presences.map(({ status }) => status?.atMs ?? null),
      ],
    );
  }

  /**
   * Transitions, the changes that subscribers hear and the feed entries, in one transaction. Several instances may want
   * the same transition: the rows are locked, and whoever comes second finds it done.
   * @returns How the rows stand now. A device that is missing is not accepted yet, retired or gone.
   */
  async transition(wanted: readonly WantedTransition[], at: Date): Promise<CommittedChanges & { rows: StoredPresence[] }> {
    return inServiceTransaction(this.pool, async (sql) => {
      const deviceIds = wanted.map(({ presence }) => presence.deviceId);
      // The device's row too: a retirement in progress must come first or see what we did.
      const locked = await sql<Row>(
        `select ${COLUMNS} from devices.device d join devices.device_presence p on p.device_id = d.id
         where d.id = any($1::uuid[]) and d.lifecycle = 'ACTIVE' and d.accepted_at is not null
         order by d.id for share of d for update of p`,
        [deviceIds],
      );
      await this.touch(
        wanted.map(({ presence }) => presence),
        sql,
      );
      const stored = new Map(locked.map((row) => [row.device_id, toStored(row)]));
      const due = wanted.filter(({ presence, to, onlyIfNotSeenSinceMs }) => {
        const row = stored.get(presence.deviceId);
        if (!row || row.connectivity === to) return false;
        return onlyIfNotSeenSinceMs === undefined || (row.lastSeenAtMs ?? -Infinity) <= onlyIfNotSeenSinceMs;
      });
      const committed = await this.announce(sql, due, stored, at);
      for (const { presence, to } of due) stored.get(presence.deviceId)!.connectivity = to;
      return { ...committed, rows: [...stored.values()] };
    });
  }

  private async announce(
    sql: Sql,
    due: readonly WantedTransition[],
    stored: ReadonlyMap<string, StoredPresence>,
    at: Date,
  ): Promise<CommittedChanges> {
    const seqs = new Map<string, number>();
    if (due.length === 0) return { revision: 0, seqs };
    const deviceIds = due.map(({ presence }) => presence.deviceId);
    await sql(
      `update devices.device_presence p set connectivity = v.connectivity, since = $3
       from unnest($1::uuid[], $2::text[]) as v(device_id, connectivity) where p.device_id = v.device_id`,
      [deviceIds, due.map(({ to }) => to), at],
    );
    const facts = await factsOf(sql, deviceIds);
    const changes = due.map(({ presence: { deviceId }, to }) => {
      const { connectivity, organizationId } = stored.get(deviceId)!;
      const after = facts.get(deviceId)!;
      const kind = to === 'ONLINE' ? 'CONNECTED' : 'DISCONNECTED';
      return { organizationId, deviceId, kind, at, before: { ...after, connectivity }, after } satisfies DeviceChangeDraft & {
        organizationId: string;
      };
    });
    // Organizations in one order everywhere, or two instances could wait for each other.
    const organizationIds = [...new Set(changes.map(({ organizationId }) => organizationId))].sort();
    for (const organizationId of organizationIds) {
      const own = changes.filter((change) => change.organizationId === organizationId);
      const { seq } = await appendDeviceChanges(sql, { organizationId, organizationKey: null }, own);
      seqs.set(organizationId, seq);
    }
    const revision = await appendRegistryChanges(
      sql,
      changes.map(({ deviceId, organizationId, after }) =>
        registryEntry.connectivity({ deviceId, organizationId, connectivity: after.connectivity, since: at }),
      ),
    );
    return { revision, seqs };
  }
}

function toStored({ device_id, organization_id, connectivity, last_seen_ms, status_online, status_ms }: Row): StoredPresence {
  const status = status_online === null || status_ms === null ? null : { online: status_online, atMs: status_ms };
  return { deviceId: device_id, organizationId: organization_id, connectivity, lastSeenAtMs: last_seen_ms, status };
}
