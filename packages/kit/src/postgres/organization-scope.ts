import type { Pool, PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

const SET_SCOPE = `select set_config('app.organization_id', $1, true), set_config('app.request_id', $2, true)`;

/**
 * One transaction that sees one organization only; row-level security does the rest. One per request or loader batch.
 * @param requestId Travels into the database, where it shows in logs and triggers.
 */
export function inOrganization<T>(
  dataSource: DataSource,
  organizationId: string,
  work: (manager: EntityManager) => Promise<T>,
  requestId = '',
): Promise<T> {
  return dataSource.transaction(async (manager) => {
    await manager.query(SET_SCOPE, [organizationId, requestId]);
    return work(manager);
  });
}

/** For transactions of their own kind: the one that is open sees one organization only. */
export async function scopeToOrganization(client: PoolClient, organizationId: string, requestId = ''): Promise<void> {
  await client.query(SET_SCOPE, [organizationId, requestId]);
}

/** The same over a plain pool, for SQL on hot paths. */
export async function inOrganizationPool<T>(
  pool: Pool,
  organizationId: string,
  work: (client: PoolClient) => Promise<T>,
  requestId = '',
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    await scopeToOrganization(client, organizationId, requestId);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => (broken = cause));
    throw error;
  } finally {
    client.release(broken);
  }
}
