import { errors } from '@pulsegraph/kit/errors';
import type { Composed } from '../composition/compose.js';
import type { ContractRules } from '../composition/contract.js';
import type { Sql } from '../store/store.js';

export type Contract = { name: string } & ContractRules;

export const readContracts = (sql: Sql): Promise<Contract[]> =>
  sql.rows<Contract>('select name, include, exclude from contract order by name');

export const putContract = async (sql: Sql, { name, include, exclude }: Contract): Promise<void> =>
  void (await sql.rows(
    `insert into contract (name, include, exclude) values ($1, $2, $3)
     on conflict (name) do update set include = excluded.include, exclude = excluded.exclude`,
    [name, include, exclude],
  ));

export async function removeContract(sql: Sql, name: string): Promise<void> {
  if ((await sql.rows('delete from contract where name = $1 returning name', [name])).length === 0) throw errors.notFound('contract');
}

export const addContractVersion = async (
  sql: Sql,
  graphVersion: number,
  contract: string,
  { supergraphSdl, apiSdl }: Composed,
): Promise<void> =>
  void (await sql.rows('insert into contract_version (graph_version, contract, supergraph_sdl, api_sdl) values ($1, $2, $3, $4)', [
    graphVersion,
    contract,
    supergraphSdl,
    apiSdl,
  ]));

export const contractAt = async (sql: Sql, graphVersion: number, contract: string): Promise<Composed | null> =>
  (
    await sql.rows<Composed>(
      'select supergraph_sdl as "supergraphSdl", api_sdl as "apiSdl" from contract_version where graph_version = $1 and contract = $2',
      [graphVersion, contract],
    )
  )[0] ?? null;
