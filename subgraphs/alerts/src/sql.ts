import type { Pool, PoolClient } from 'pg';
import type { EntityManager } from 'typeorm';

/** A statement within a transaction, whoever opened it: TypeORM for people, the pool for the evaluator. */
export type Sql = <R>(text: string, values?: readonly unknown[]) => Promise<R[]>;

function sqlOfClient(client: PoolClient): Sql {
  return async <R>(text: string, values: readonly unknown[] = []) => (await client.query(text, [...values])).rows as R[];
}

export function sqlOfManager(manager: EntityManager): Sql {
  const runner = manager.queryRunner;
  if (!runner) throw new Error('Only within a transaction.');
  // Structured, because the plain form has another shape for updates than for selects.
  return async <R>(text: string, values: readonly unknown[] = []) => (await runner.query(text, [...values], true)).records as R[];
}

/** One transaction over a pool. A connection that cannot even roll back is not given to anybody else. */
export async function inTransaction<T>(pool: Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
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
