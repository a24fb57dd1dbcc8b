import { Client } from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { roleName, type DatabaseOwner } from './role.js';

/**
 * Runs what is missing, forward only, under an advisory lock: several instances may start at once.
 * @param prepare Runs first, under the same lock: what a library migrates by itself and our migrations build on.
 */
export async function migrate(
  databaseUrl: string,
  owner: DatabaseOwner,
  migrations: readonly (new () => MigrationInterface)[],
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const lock = new Client({ connectionString: databaseUrl });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock(hashtext($1))', [`pulsegraph-migrate-${owner}`]);
    await prepare();
    const dataSource = new DataSource({
      type: 'postgres',
      url: databaseUrl,
      schema: owner,
      migrations: [...migrations],
      migrationsTableName: 'migration',
      migrationsTransactionMode: 'each',
    });
    await dataSource.initialize();
    try {
      await dataSource.runMigrations();
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await lock.end();
  }
}

export interface TableGrants {
  /** Privileges of the api role, for example `select, insert, update`. */
  api?: string;
  service?: string;
}

/** Row-level security by `organization_id`, forced, with grants to the two roles that do not own the table. */
export async function protectTable(runner: QueryRunner, owner: DatabaseOwner, table: string, grants: TableGrants): Promise<void> {
  const name = `"${owner}"."${table}"`;
  await runner.query(`alter table ${name} enable row level security`);
  await runner.query(`alter table ${name} force row level security`);
  await runner.query(
    `create policy organization_only on ${name} using (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid)`,
  );
  await grantTable(runner, owner, table, grants);
}

/** For tables without an organization of their own: reached by the service role, or through views. */
export async function grantTable(runner: QueryRunner, owner: DatabaseOwner, table: string, { api, service }: TableGrants): Promise<void> {
  const name = `"${owner}"."${table}"`;
  if (api) await runner.query(`grant ${api} on ${name} to ${roleName(owner, 'api')}`);
  if (service) await runner.query(`grant ${service} on ${name} to ${roleName(owner, 'service')}`);
}
