import { JOB_SCHEMAS, roleName } from '@pulsegraph/kit/postgres';
import { Client } from 'pg';

const SCHEMA = JOB_SCHEMAS.alerts;

/**
 * Brings the job queue's tables up to date, as the migrator; runs before our own migrations, which call its functions.
 * The schema itself is made with the roles: creating one needs a right on the whole database that no subgraph has.
 */
export async function prepareJobQueue(databaseUrl: string): Promise<void> {
  const { runMigrations } = await import('graphile-worker');
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // As the library makes it; with it in place, the library does not try to create the schema.
    await client.query(
      `create table if not exists ${SCHEMA}.migrations (
         id int primary key, ts timestamptz not null default now(), breaking boolean not null default false)`,
    );
    await runMigrations({ connectionString: databaseUrl, schema: SCHEMA, maxPoolSize: 1 });
    const service = roleName('alerts', 'service');
    await client.query(`grant select, insert, update, delete on all tables in schema ${SCHEMA} to ${service}`);
    await client.query(`grant usage on all sequences in schema ${SCHEMA} to ${service}`);
  } finally {
    await client.end();
  }
}
