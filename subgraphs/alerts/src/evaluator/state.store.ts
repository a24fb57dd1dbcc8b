import type { Pool } from 'pg';
import type { NodeState } from '../evaluation/index.js';
import type { Sql } from '../sql.js';

export interface StateRow {
  rule_id: string;
  device_id: string;
  version: number;
  shape: string;
  state: NodeState;
  last_at_us: number;
  heard: Record<string, number> | null;
  unwatched_us: number;
  due_at_ms: number | null;
}

/** A state to store, made from the row with `version` (0: none). */
export interface StateWrite extends StateRow {
  organization_id: string;
  log_partition: number | null;
  log_position: string | null;
}

const COLUMNS = `rule_id, device_id, version, shape, state, last_at_us::double precision as last_at_us, heard,
  unwatched_us::double precision as unwatched_us, extract(epoch from due_at)::double precision * 1000 as due_at_ms`;

/** `rule_state`: where each rule stands with each device, kept by compare-and-set. */
export class StateStore {
  constructor(
    private readonly pool: Pool,
    private readonly writer: string,
  ) {}

  async ofDevices(deviceIds: readonly string[]): Promise<StateRow[]> {
    return (await this.pool.query<StateRow>(`select ${COLUMNS} from rule_state where device_id = any($1)`, [deviceIds])).rows;
  }

  async ofPairs(pairs: readonly { ruleId: string; deviceId: string }[]): Promise<StateRow[]> {
    const { rows } = await this.pool.query<StateRow>(
      `select ${COLUMNS} from rule_state join unnest($1::uuid[], $2::uuid[]) as pair(rule, device) on rule_id = pair.rule and device_id = pair.device`,
      [pairs.map(({ ruleId }) => ruleId), pairs.map(({ deviceId }) => deviceId)],
    );
    return rows;
  }

  /** What other evaluators have written in the last seconds, by the database's clock. Overlaps, so that late commits are not missed. */
  async writtenByOthers(): Promise<StateRow[]> {
    const { rows } = await this.pool.query<StateRow>(
      `select ${COLUMNS} from rule_state where updated_at > clock_timestamp() - interval '15 seconds' and writer <> $1`,
      [this.writer],
    );
    return rows;
  }

  /** Silences that fall due. */
  async due(nowMs: number, limit: number): Promise<StateRow[]> {
    const { rows } = await this.pool.query<StateRow>(
      `select ${COLUMNS} from rule_state where due_at <= to_timestamp($1::double precision / 1000) order by due_at limit $2`,
      [nowMs, limit],
    );
    return rows;
  }

  /** @returns Keys that were stored; the others have been changed by another evaluator. */
  async save(sql: Sql, writes: readonly StateWrite[]): Promise<{ rule_id: string; device_id: string }[]> {
    return sql(
      `insert into rule_state (rule_id, device_id, organization_id, version, shape, state, last_at_us, heard, unwatched_us, due_at,
                               log_partition, log_position, writer, updated_at)
       select rule_id, device_id, organization_id, version + 1, shape, state, last_at_us, heard, unwatched_us,
              to_timestamp(due_at_ms / 1000), log_partition, log_position, $2, clock_timestamp()
       from jsonb_to_recordset($1) as w(rule_id uuid, device_id uuid, organization_id uuid, version integer, shape text, state jsonb,
         last_at_us bigint, heard jsonb, unwatched_us bigint, due_at_ms double precision, log_partition integer, log_position text)
       order by rule_id, device_id
       on conflict (rule_id, device_id) do update set
         version = excluded.version, shape = excluded.shape, state = excluded.state, last_at_us = excluded.last_at_us,
         heard = excluded.heard, unwatched_us = excluded.unwatched_us, due_at = excluded.due_at, log_partition = excluded.log_partition,
         log_position = excluded.log_position, writer = excluded.writer, updated_at = excluded.updated_at
       where rule_state.version = excluded.version - 1
       returning rule_id, device_id`,
      [JSON.stringify(writes), this.writer],
    );
  }
}
