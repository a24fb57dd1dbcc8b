import { randomBytes } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { Client } from 'pg';
import { grantTable, roleUrl, type DatabaseOwner } from '../postgres/index.js';
import { keyFrom, Sealer } from './sealer.js';

export interface SealerOptions {
  /** DATABASE_URL of the subgraph; its migrations have run. */
  databaseUrl: string;
  owner: DatabaseOwner;
  /** DATA_KEY: the first seals, all open. */
  secrets: readonly string[];
}

/** For a migration: readable by the service role alone, but in the same database as what it seals. */
export async function createSealingKeys(runner: QueryRunner, owner: DatabaseOwner): Promise<void> {
  await runner.query(
    `create table "${owner}".sealing_key (id text primary key, key text not null, created_at timestamptz not null default now())`,
  );
  await grantTable(runner, owner, 'sealing_key', { service: 'select, insert' });
}

/**
 * Without secrets a key is made once and kept in the database, so that nothing needs configuring; set DATA_KEY where a
 * copy of the database must not be enough. What was sealed before still opens.
 */
export async function createSealer({ databaseUrl, owner, secrets }: SealerOptions): Promise<Sealer> {
  const configured = secrets.map((secret) => keyFrom(secret, owner));
  const kept = (await keptSecrets(databaseUrl, owner, configured.length === 0)).map((secret) => keyFrom(secret, owner));
  const [first, ...others] = [...configured, ...kept];
  if (!first) throw new Error('No key to seal with.');
  return new Sealer([first, ...others]);
}

async function keptSecrets(databaseUrl: string, owner: DatabaseOwner, needed: boolean): Promise<string[]> {
  const client = new Client({ connectionString: roleUrl(databaseUrl, owner, 'service') });
  await client.connect();
  try {
    await client.query('begin');
    // Of several processes that start at once, one makes the key.
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`${owner}.sealing_key`]);
    const { rows } = await client.query<{ key: string }>(`select key from "${owner}".sealing_key order by created_at, id`);
    const secrets = rows.map(({ key }) => key);
    if (needed && secrets.length === 0) {
      const secret = randomBytes(32).toString('base64url');
      await client.query(`insert into "${owner}".sealing_key (id, key) values ($1, $2)`, [keyFrom(secret, owner).id, secret]);
      secrets.push(secret);
    }
    await client.query('commit');
    return secrets;
  } finally {
    await client.end();
  }
}
