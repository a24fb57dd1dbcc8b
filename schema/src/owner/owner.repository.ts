import type { Owners } from '../check/owners.js';
import type { Sql } from '../store/store.js';

export async function readOwners(sql: Sql): Promise<Owners> {
  const rows = await sql.rows<{ path: string; team: string }>('select path, team from owner order by path');
  return Object.fromEntries(rows.map(({ path, team }) => [path, team]));
}

export async function replaceOwners(sql: Sql, owners: Owners): Promise<void> {
  await sql.rows('delete from owner');
  await sql.rows('insert into owner (path, team) select key, value from jsonb_each_text($1::jsonb)', [JSON.stringify(owners)]);
}
