import { createHmac } from 'node:crypto';

/** Subgraphs that keep data; each has a Postgres schema of the same name and three roles. */
export type SubgraphOwner = 'users' | 'devices' | 'telemetry' | 'alerts';
/** The schema registry keeps its versions in the same way. */
export type DatabaseOwner = SubgraphOwner | 'registry';
/**
 * `migrator` owns the schema; `api` serves people under row-level security; `service` (writer, evaluator, feeds) passes
 * row-level security on named tables, because COPY does not work under it.
 */
export type RoleKind = 'migrator' | 'api' | 'service';

/** A job queue's tables live beside the subgraph's own, in a schema that a library migrates and the same migrator owns. */
export const JOB_SCHEMAS = { alerts: 'alerts_jobs' } as const satisfies Partial<Record<DatabaseOwner, string>>;

export function roleName(owner: DatabaseOwner, kind: RoleKind): string {
  return `${owner}_${kind}`;
}

/** One secret per subgraph is configured, the migrator's; the other two follow from it, so that no role shares a password. */
export function rolePassword(migratorPassword: string, owner: DatabaseOwner, kind: RoleKind): string {
  return kind === 'migrator' ? migratorPassword : createHmac('sha256', migratorPassword).update(roleName(owner, kind)).digest('hex');
}

/** @param databaseUrl DATABASE_URL: connects as `{owner}_migrator`. */
export function roleUrl(databaseUrl: string, owner: DatabaseOwner, kind: RoleKind): string {
  const url = new URL(databaseUrl);
  url.password = encodeURIComponent(rolePassword(decodeURIComponent(url.password), owner, kind));
  url.username = roleName(owner, kind);
  return url.toString();
}
