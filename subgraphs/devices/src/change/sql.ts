import { sqlOf, sqlOfClient, type Sql } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';

export { sqlOf, sqlOfClient, type Sql };

/** Service role: one transaction, without an organization to stay in. */
export async function inServiceTransaction<T>(pool: Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(sqlOfClient(client));
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => (broken = cause));
    throw error;
  } finally {
    client.release(broken);
  }
}
