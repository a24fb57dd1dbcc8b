import { Pool } from 'pg';
import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { roleUrl, type DatabaseOwner, type RoleKind } from './role.js';

export interface ConnectOptions {
  databaseUrl: string;
  owner: DatabaseOwner;
  kind: RoleKind;
  /** Connections at most, default 10. */
  maxConnections?: number;
}

/** For hot paths in SQL. A connection that breaks is replaced by the pool; the process goes on. */
export function createPool({ databaseUrl, owner, kind, maxConnections = 10 }: ConnectOptions, onIdleError: (error: Error) => void): Pool {
  const pool = new Pool({
    connectionString: roleUrl(databaseUrl, owner, kind),
    max: maxConnections,
    application_name: `pulsegraph-${owner}-${kind}`,
    connectionTimeoutMillis: 10_000,
  });
  pool.on('error', (error: Error & { client?: unknown }) => {
    // pg hangs the whole client on it, which would fill a log line with its internals.
    delete error.client;
    onIdleError(error);
  });
  // One in use tells its user through the query under way, or the next one; between two, nobody listens, and that would
  // end the process as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** TypeORM for entities and relations. Migrations run through `migrate`, as another role. */
export async function createDataSource(
  { databaseUrl, owner, kind, maxConnections = 10 }: ConnectOptions,
  entities: readonly EntityTarget<ObjectLiteral>[],
): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: roleUrl(databaseUrl, owner, kind),
    schema: owner,
    entities: [...entities] as NonNullable<DataSourceOptions['entities']>,
    synchronize: false,
    poolSize: maxConnections,
    applicationName: `pulsegraph-${owner}-${kind}`,
    connectTimeoutMS: 10_000,
  });
  return dataSource.initialize();
}
