import { errors } from '@pulsegraph/kit/errors';
import type { Sql } from '../store/store.js';

export interface ClientDocument {
  hash: string;
  name: string;
  document: string;
}

export interface ClientRelease {
  client: string;
  clientVersion: string;
  documents: number;
  publishedAt: Date;
  retiredAt: Date | null;
  /** Executions within the window: a retired release with some is not gone yet. */
  executions: number;
}

export async function addRelease(
  sql: Sql,
  { client, clientVersion, publishedBy }: { client: string; clientVersion: string; publishedBy: string },
  documents: readonly ClientDocument[],
): Promise<void> {
  await sql.rows(
    `insert into client_release (client, client_version, published_by) values ($1, $2, $3)
     on conflict (client, client_version) do update set retired_at = null`,
    [client, clientVersion, publishedBy],
  );
  await sql.rows('delete from client_document where client = $1 and client_version = $2', [client, clientVersion]);
  await sql.rows(
    `insert into client_document (client, client_version, hash, name, document)
     select $1, $2, hash, name, document from jsonb_to_recordset($3::jsonb) as given (hash text, name text, document text)`,
    [client, clientVersion, JSON.stringify(documents)],
  );
}

export async function retireRelease(sql: Sql, client: string, clientVersion: string): Promise<void> {
  const rows = await sql.rows('update client_release set retired_at = now() where client = $1 and client_version = $2 returning client', [
    client,
    clientVersion,
  ]);
  if (rows.length === 0) throw errors.notFound(`release of ${client}`);
}

const ACTIVE = 'client_document d join client_release r using (client, client_version) where r.retired_at is null';

export const activeDocuments = (sql: Sql): Promise<(ClientDocument & { client: string; clientVersion: string })[]> =>
  sql.rows(
    `select d.hash, d.name, d.document, client, client_version as "clientVersion" from ${ACTIVE} order by client, client_version, d.hash`,
  );

export async function trustedDocuments(sql: Sql): Promise<Record<string, string>> {
  const rows = await sql.rows<{ hash: string; document: string }>(`select distinct d.hash, d.document from ${ACTIVE} order by d.hash`);
  return Object.fromEntries(rows.map(({ hash, document }) => [hash, document]));
}

export const releases = (sql: Sql, windowDays: number): Promise<ClientRelease[]> =>
  sql.rows(
    `select r.client, r.client_version as "clientVersion", r.published_at as "publishedAt", r.retired_at as "retiredAt",
       (select count(*)::integer from client_document d where d.client = r.client and d.client_version = r.client_version) as documents,
       (select coalesce(sum(u.count), 0) from usage_hour u where u.client = r.client and u.client_version = r.client_version
          and u.hour > now() - make_interval(days => $1)) as executions
     from client_release r order by r.client, r.published_at desc`,
    [windowDays],
  );
