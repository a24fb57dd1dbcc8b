import { randomBytes } from 'node:crypto';
import { provisionDatabase, roleName, type DatabaseOwner } from '@pulsegraph/kit/postgres';
import { Client, escapeIdentifier, type QueryResultRow } from 'pg';
import { SERVER_URL_VARIABLE } from '../jest/shared-server.js';

export interface TestDatabase {
  /** DATABASE_URL of the subgraph: connects as its migrator. Known once beforeAll has run. */
  readonly url: string;
  /** The same database as superuser, past row-level security: to look, and to break things. */
  readonly adminUrl: string;
  /** Runs SQL as superuser with the subgraph's schema first in the path. */
  rows<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]>;
}

/** A database of its own for this test file (or describe), with schema and roles; dropped at the end. No migration has run. */
export function testDatabase(subgraph: DatabaseOwner): TestDatabase {
  const name = `test_${subgraph}_${randomBytes(6).toString('hex')}`;
  // Roles belong to the whole server, which test files share: one password each, or they would lock each other out.
  const password = `password-of-${subgraph}-in-tests`;
  let admin: Client | undefined;
  const adminUrl = () => databaseUrl(name);

  beforeAll(async () => {
    await onServer(`create database ${escapeIdentifier(name)}`);
    await provisionDatabase({ adminUrl: adminUrl(), subgraphs: [{ name: subgraph, password }] });
    admin = new Client({ connectionString: adminUrl() });
    // Dropping the database under a connection is not a fault here.
    admin.on('error', () => undefined);
    await admin.connect();
    await admin.query(`set search_path = ${escapeIdentifier(subgraph)}, public`);
    await admin.query(`set timezone = 'UTC'`);
  });

  afterAll(async () => {
    await admin?.end();
    await onServer(`drop database if exists ${escapeIdentifier(name)} with (force)`);
  });

  return {
    get url() {
      const url = new URL(adminUrl());
      url.username = roleName(subgraph, 'migrator');
      url.password = encodeURIComponent(password);
      return url.toString();
    },
    get adminUrl() {
      return adminUrl();
    },
    rows: async <R extends QueryResultRow>(sql: string, values: readonly unknown[] = []) => {
      if (!admin) throw new Error('testDatabase is ready only after beforeAll.');
      return (await admin.query<R>(sql, [...values])).rows;
    },
  };
}

function databaseUrl(database: string): string {
  const server = process.env[SERVER_URL_VARIABLE];
  if (!server) throw new Error('No test server: tests that need Postgres are named *.int.spec.ts and run by the root jest config.');
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.toString();
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
