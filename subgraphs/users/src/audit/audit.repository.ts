import type { Sql } from '@pulsegraph/kit/postgres';
import type { ChainPlace, HashedLink } from './audit-chain.js';

export interface ChainMarkRow extends ChainPlace {
  mac: string;
}

/** A trail by its links, for the service role: it can read and add, and nothing else. */
export class AuditRepository {
  constructor(private readonly sql: Sql) {}

  /** Whoever adds to an organization's chain does so alone until its transaction ends. */
  async lock(organizationId: string): Promise<void> {
    await this.sql('select pg_advisory_xact_lock(hashtext($1))', [`users.audit.${organizationId}`]);
  }

  async mark(table: 'audit_head' | 'audit_anchor', organizationId: string): Promise<ChainMarkRow | null> {
    const [row] = await this.sql<{ seq: string; hash: string; mac: string }>(
      `select seq, hash, mac from users.${table} where organization_id = $1`,
      [organizationId],
    );
    return row ? { seq: Number(row.seq), hash: row.hash, mac: row.mac } : null;
  }

  async setMark(table: 'audit_head' | 'audit_anchor', organizationId: string, { seq, hash, mac }: ChainMarkRow): Promise<void> {
    await this.sql(
      `insert into users.${table} (organization_id, seq, hash, mac) values ($1, $2, $3, $4)
       on conflict (organization_id) do update set seq = excluded.seq, hash = excluded.hash, mac = excluded.mac`,
      [organizationId, seq, hash, mac],
    );
  }

  async known(organizationId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.sql<{ id: string }>(`select id from users.audit_event where organization_id = $1 and id = any($2::uuid[])`, [
      organizationId,
      ids,
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  async append(links: readonly HashedLink[]): Promise<void> {
    await this.sql(
      `insert into users.audit_event (organization_id, seq, id, at, actor_kind, actor_id, action, subject_type, subject_id, detail, request_id, sealed, hash)
       select l."organizationId", l.seq, l.id, l.at, l."actorKind", l."actorId", l.action, l."subjectType", l."subjectId", l.detail, l."requestId", l.sealed, l.hash
       from jsonb_to_recordset($1::jsonb) as l("organizationId" uuid, seq bigint, id uuid, at timestamptz, "actorKind" text, "actorId" text,
         action text, "subjectType" text, "subjectId" text, detail text, "requestId" text, sealed text, hash text)`,
      [JSON.stringify(links)],
    );
  }

  /** In the order of the chain. */
  async linksAfter(organizationId: string, seq: number, limit: number): Promise<HashedLink[]> {
    const rows = await this.sql<LinkRow>(
      `select ${LINK} from users.audit_event where organization_id = $1 and seq > $2 order by seq limit $3`,
      [organizationId, seq, limit],
    );
    for (const row of rows as unknown as HashedLink[]) {
      row.organizationId = organizationId;
      row.seq = Number(row.seq);
      row.at = instantText(row.at);
    }
    return rows as unknown as HashedLink[];
  }

  /** The link before the first one at or after an instant: what follows it can be verified from there. */
  async placeBefore(organizationId: string, at: Date): Promise<ChainPlace | null> {
    const [row] = await this.sql<{ seq: string; hash: string }>(
      `select seq, hash from users.audit_event where organization_id = $1
         and seq < (select min(seq) from users.audit_event where organization_id = $1 and at >= $2)
       order by seq desc limit 1`,
      [organizationId, at],
    );
    return row ? { seq: Number(row.seq), hash: row.hash } : null;
  }

  async lastSeqUntil(organizationId: string, at: Date): Promise<number> {
    const [row] = await this.sql<{ seq: string | null }>(
      `select max(seq) as seq from users.audit_event where organization_id = $1 and at <= $2`,
      [organizationId, at],
    );
    return Number(row!.seq ?? 0);
  }

  /** Of the last of the links that began before an instant and have none before them that did not. */
  async expiredUntil(organizationId: string, before: Date): Promise<ChainPlace | null> {
    const [row] = await this.sql<{ seq: string; hash: string }>(
      `select seq, hash from users.audit_event where organization_id = $1
         and seq < coalesce((select min(seq) from users.audit_event where organization_id = $1 and at >= $2), 9223372036854775807)
       order by seq desc limit 1`,
      [organizationId, before],
    );
    return row ? { seq: Number(row.seq), hash: row.hash } : null;
  }

  async organizations(): Promise<string[]> {
    const rows = await this.sql<{ organization_id: string }>('select organization_id from users.audit_head order by organization_id');
    return rows.map(({ organization_id }) => organization_id);
  }

  /** Only what is older than seven years, whatever is asked: the function is the one way to delete, and it says so. */
  async forget(organizationId: string, untilSeq: number): Promise<void> {
    await this.sql('select users.forget_audit_events($1, $2)', [organizationId, untilSeq]);
  }
}

/** `2026-11-27 19:20:00.12` → `2026-11-27T19:20:00.120000Z`: what the database formats itself costs more than hashing it. */
function instantText(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole.replace(' ', 'T')}.${fraction.padEnd(6, '0')}Z`;
}

type LinkRow = Omit<HashedLink, 'seq' | 'organizationId'> & { seq: string };

const LINK = `seq, id, (at at time zone 'UTC')::text as at, actor_kind as "actorKind", actor_id as "actorId",
  action, subject_type as "subjectType", subject_id as "subjectId", detail, request_id as "requestId", sealed, hash`;
