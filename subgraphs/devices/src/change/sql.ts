import type { EntityManager } from 'typeorm';
import type { ClientBase, Pool } from 'pg';

/** One statement in whatever transaction is running; the same SQL serves people (TypeORM) and the service role (pg). */
export type Sql = <R = unknown>(text: string, values?: readonly unknown[]) => Promise<R[]>;

export const sqlOf =
  (manager: EntityManager): Sql =>
  async <R>(text: string, values: readonly unknown[] = []) => {
    const answer: unknown = await manager.query(text, [...values]);
    // For UPDATE and DELETE TypeORM answers [rows, count].
    const rows = Array.isArray(answer) && answer.length === 2 && Array.isArray(answer[0]) ? (answer[0] as unknown) : answer;
    return rows as R[];
  };

export const sqlOfClient =
  (client: ClientBase | Pool): Sql =>
  async <R>(text: string, values: readonly unknown[] = []) =>
    (await client.query(text, [...values])).rows as R[];

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
