import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { JOB_SCHEMAS, roleName, rolePassword, type DatabaseOwner } from './role.js';

export interface ProvisionOptions {
  /** A superuser's connection to the database that holds the schemas. */
  adminUrl: string;
  subgraphs: readonly { name: DatabaseOwner; password: string }[];
}

/** Creates schemas and roles, or brings their passwords up to date. Safe to repeat and to run at once from two places. */
export async function provisionDatabase({ adminUrl, subgraphs }: ProvisionOptions): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const database = rows[0]!.name;
    // Roles belong to the cluster, so the lock must too: advisory locks are per database, a fixed row in pg_authid is not.
    await client.query('begin');
    await client.query('lock table pg_catalog.pg_authid in share row exclusive mode');
    for (const { name, password } of subgraphs) {
      for (const kind of ['migrator', 'api', 'service'] as const) {
        await ensureRole(client, roleName(name, kind), rolePassword(password, name, kind), kind === 'service');
      }
    }
    await client.query('commit');
    await client.query('create extension if not exists btree_gist with schema public');
    await client.query('revoke create on schema public from public');
    for (const { name } of subgraphs) await ensureSchema(client, database, name);
  } finally {
    await client.end();
  }
}

async function ensureRole(client: Client, role: string, password: string, bypassRls: boolean): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  const verb = rowCount ? 'alter' : 'create';
  const attributes = `login nosuperuser nocreatedb nocreaterole ${bypassRls ? 'bypassrls' : 'nobypassrls'}`;
  await client.query(`${verb} role ${escapeIdentifier(role)} with ${attributes} password ${escapeLiteral(password)}`);
}

async function ensureSchema(client: Client, database: string, owner: DatabaseOwner): Promise<void> {
  const schema = escapeIdentifier(owner);
  const migrator = escapeIdentifier(roleName(owner, 'migrator'));
  await client.query(`create schema if not exists ${schema} authorization ${migrator}`);
  if (owner in JOB_SCHEMAS) {
    const jobs = escapeIdentifier(JOB_SCHEMAS[owner as keyof typeof JOB_SCHEMAS]);
    await client.query(`create schema if not exists ${jobs} authorization ${migrator}`);
    await client.query(`grant usage on schema ${jobs} to ${escapeIdentifier(roleName(owner, 'service'))}`);
  }
  for (const kind of ['migrator', 'api', 'service'] as const) {
    const role = escapeIdentifier(roleName(owner, kind));
    await client.query(`grant connect on database ${escapeIdentifier(database)} to ${role}`);
    await client.query(`grant usage on schema ${schema} to ${role}`);
    await client.query(`alter role ${role} in database ${escapeIdentifier(database)} set search_path = ${schema}, public`);
    await client.query(`alter role ${role} in database ${escapeIdentifier(database)} set timezone = 'UTC'`);
  }
}
