import type { Pool, PoolClient, QueryResultRow } from 'pg';

/** What repositories ask: the pool, or one transaction on it. */
export interface Sql {
  rows<R extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** Only one change of the graph at a time, on however many registries. */
const GRAPH_LOCK = 7_640_020;

export class Store implements Sql {
  constructor(private readonly pool: Pool) {}

  async rows<R extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    return (await this.pool.query<R>(text, [...values])).rows;
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.within(work);
  }

  /** The graph stands still meanwhile: what is read here is what the new version is built on. */
  changingGraph<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.within(async (sql) => {
      await sql.rows('select pg_advisory_xact_lock($1)', [GRAPH_LOCK]);
      return work(sql);
    });
  }

  private async within<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client: PoolClient = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const sql: Sql = {
        rows: async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
          (await client.query<R>(text, [...values])).rows,
      };
      const result = await work(sql);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((cause: Error) => (broken = cause));
      throw error;
    } finally {
      client.release(broken);
    }
  }
}
