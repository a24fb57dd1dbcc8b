import type { ClientBase, Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** One statement in whatever transaction is running; the same SQL serves people (TypeORM) and the service role (pg). */
export type Sql = <R = unknown>(text: string, values?: readonly unknown[]) => Promise<R[]>;

export const sqlOf =
  (manager: EntityManager | DataSource): Sql =>
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
