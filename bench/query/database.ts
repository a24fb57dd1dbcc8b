import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StandaloneStack } from '../../e2e/stack/standalone-stack.js';
import { Client } from 'pg';

/** The Postgres of a standalone stack, as superuser: months of readings are made in place. */
export async function connectToDatabase({ dataDir }: StandaloneStack): Promise<Client> {
  const { postgresPassword } = JSON.parse(await readFile(join(dataDir, 'secrets.json'), 'utf8')) as { postgresPassword: string };
  const port = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[3];
  const client = new Client({ connectionString: `postgres://postgres:${postgresPassword}@127.0.0.1:${port}/pulsegraph` });
  // After a failure the server ends before us; what failed is what should be told.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set timezone = 'UTC'; set synchronous_commit = off`);
  return client;
}

export interface DiskUse {
  /** Readings in rows of their own, with their index. */
  rows: { readings: number; bytes: number };
  /** Readings in arrays, an hour to a row. */
  chunks: { readings: number; bytes: number };
  rollups: { buckets: number; bytes: number };
}

const bytesOf = (...parents: string[]) =>
  `(select sum(pg_total_relation_size(relid))::float8 from unnest('{${parents.map((each) => `telemetry.${each}`).join()}}'::regclass[]) p,
    lateral pg_partition_tree(p) where isleaf)`;

export async function diskUse(database: Client): Promise<DiskUse> {
  const { rows } = await database.query<Record<'rows' | 'row_bytes' | 'chunked' | 'chunk_bytes' | 'buckets' | 'rollup_bytes', number>>(
    `select (select count(*)::float8 from telemetry.reading) as rows, ${bytesOf('reading')} as row_bytes,
      (select coalesce(sum(cardinality(at)), 0)::float8 from telemetry.reading_chunk) as chunked,
      coalesce(${bytesOf('reading_chunk')}, 0) as chunk_bytes,
      (select count(*)::float8 from telemetry.rollup_minute) + (select count(*)::float8 from telemetry.rollup_hour) as buckets,
      ${bytesOf('rollup_minute', 'rollup_hour')} as rollup_bytes`,
  );
  const found = rows[0]!;
  return {
    rows: { readings: found.rows, bytes: found.row_bytes },
    chunks: { readings: found.chunked, bytes: found.chunk_bytes },
    rollups: { buckets: found.buckets, bytes: found.rollup_bytes },
  };
}
