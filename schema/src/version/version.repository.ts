import type { SubgraphSdl } from '../generate/subgraphs.js';
import type { Sql } from '../store/store.js';

export interface SubgraphVersion extends SubgraphSdl {
  version: number;
  author: string;
  commit: string;
  message: string;
  publishedAt: Date;
}

export type GraphVersionKind = 'publish' | 'rollback' | 'contract' | 'documents';

export interface GraphVersion {
  version: number;
  kind: GraphVersionKind;
  reason: string;
  author: string;
  commit: string;
  /** Version of each subgraph that it was composed of. */
  subgraphs: Record<string, number>;
  supergraphSdl: string;
  apiSdl: string;
  changelog: string[];
  trustedDocuments: Record<string, string>;
  createdAt: Date;
}

export type VersionSummary = Pick<
  GraphVersion,
  'version' | 'kind' | 'reason' | 'author' | 'commit' | 'subgraphs' | 'changelog' | 'createdAt'
>;

const SUBGRAPH = `s.subgraph as name, s.version, s.sdl, s.url, s.author, s.commit_id as "commit", s.message, s.published_at as "publishedAt"`;
const SUMMARY = `version, kind, reason, author, commit_id as "commit", subgraphs, changelog, created_at as "createdAt"`;
const GRAPH = `${SUMMARY}, supergraph_sdl as "supergraphSdl", api_sdl as "apiSdl", trusted_documents as "trustedDocuments"`;

export const newestGraph = async (sql: Sql): Promise<GraphVersion | null> =>
  (await sql.rows<GraphVersion>(`select ${GRAPH} from graph_version order by version desc limit 1`))[0] ?? null;

export const graphAt = async (sql: Sql, version: number): Promise<GraphVersion | null> =>
  (await sql.rows<GraphVersion>(`select ${GRAPH} from graph_version where version = $1`, [version]))[0] ?? null;

export const graphHistory = (sql: Sql, limit: number): Promise<VersionSummary[]> =>
  sql.rows<VersionSummary>(`select ${SUMMARY} from graph_version order by version desc limit $1`, [limit]);

export const subgraphAt = async (sql: Sql, subgraph: string, version: number): Promise<SubgraphVersion | null> =>
  (
    await sql.rows<SubgraphVersion>(`select ${SUBGRAPH} from subgraph_version s where s.subgraph = $1 and s.version = $2`, [
      subgraph,
      version,
    ])
  )[0] ?? null;

export const subgraphHistory = (sql: Sql, subgraph: string): Promise<SubgraphVersion[]> =>
  sql.rows<SubgraphVersion>(`select ${SUBGRAPH} from subgraph_version s where s.subgraph = $1 order by s.version desc`, [subgraph]);

/** The subgraphs of which a graph was composed. */
export const subgraphsOf = (sql: Sql, { subgraphs }: Pick<GraphVersion, 'subgraphs'>): Promise<SubgraphVersion[]> =>
  sql.rows<SubgraphVersion>(
    `select ${SUBGRAPH} from subgraph_version s
     join jsonb_each_text($1::jsonb) as wanted (subgraph, version) on s.subgraph = wanted.subgraph and s.version = wanted.version::integer
     order by s.subgraph`,
    [JSON.stringify(subgraphs)],
  );

/** The next number of a subgraph, also after a rollback to an earlier one: numbers are never used twice. */
export async function addSubgraph(sql: Sql, subgraph: Omit<SubgraphVersion, 'version' | 'publishedAt'>): Promise<number> {
  const { name, sdl, url, author, commit, message } = subgraph;
  const [row] = await sql.rows<{ version: number }>(
    `insert into subgraph_version (subgraph, version, sdl, url, author, commit_id, message)
     select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6 from subgraph_version where subgraph = $1 returning version`,
    [name, sdl, url, author, commit, message],
  );
  return row!.version;
}

export async function addGraph(sql: Sql, graph: Omit<GraphVersion, 'version' | 'createdAt'>): Promise<number> {
  const { kind, reason, author, commit, subgraphs, supergraphSdl, apiSdl, changelog, trustedDocuments } = graph;
  const [row] = await sql.rows<{ version: number }>(
    `insert into graph_version (version, kind, reason, author, commit_id, subgraphs, supergraph_sdl, api_sdl, changelog, trusted_documents)
     select coalesce(max(version), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 from graph_version returning version`,
    [
      kind,
      reason,
      author,
      commit,
      JSON.stringify(subgraphs),
      supergraphSdl,
      apiSdl,
      JSON.stringify(changelog),
      JSON.stringify(trustedDocuments),
    ],
  );
  return row!.version;
}

/** Whoever waits for a new graph is told once this is committed. */
export const announceGraph = async (sql: Sql, version: number): Promise<void> =>
  void (await sql.rows('select pg_notify($1, $2)', ['registry_graph', String(version)]));
