import { grantTable, protectTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWNER = 'telemetry';

// Per series and bucket. `mean_at`, `m2_at` and `co` are the moments of time (seconds from the bucket's start) and of time
// with value: with them the least-squares slope of any span is exact without its readings.
const ROLLUP_COLUMNS = `
  series_id int8 not null,
  bucket timestamptz not null,
  count int4 not null,
  mean float8 not null,
  m2 float8 not null,
  min float8 not null,
  max float8 not null,
  last float8 not null,
  last_at timestamptz not null,
  first_at timestamptz not null,
  mean_at float8 not null,
  m2_at float8 not null,
  co float8 not null`;

const TABLES = `
create table telemetry.series (
  series_id int8 generated always as identity primary key,
  organization_id uuid not null,
  device_id uuid not null,
  metric text not null,
  unit text not null,
  kind text not null constraint series_kind_check check (kind in ('NUMBER', 'BOOLEAN', 'TEXT')),
  -- A profile may change a metric's unit or kind; what was recorded before stays what it was.
  constraint series_identity_key unique (device_id, metric, unit, kind)
);

-- received_after: seconds from recorded_at to receipt. Four bytes instead of eight, to the microsecond for live data and to
-- half a second for data three months late.
create table telemetry.reading (
  series_id int8 not null,
  recorded_at timestamptz not null,
  value float8,
  received_after float4 not null,
  flags int2 not null,
  text text,
  constraint reading_pkey primary key (series_id, recorded_at) include (value)
) partition by range (recorded_at);

create table telemetry.rollup_minute (${ROLLUP_COLUMNS},
  constraint rollup_minute_pkey primary key (series_id, bucket)
) partition by range (bucket);

create table telemetry.rollup_hour (${ROLLUP_COLUMNS},
  constraint rollup_hour_pkey primary key (series_id, bucket)
) partition by range (bucket);

-- What was recorded before this is gone from the table.
create table telemetry.retention_mark (
  parent text constraint retention_mark_pkey primary key,
  dropped_before timestamptz not null
);

create table telemetry.latest (
  series_id int8 primary key,
  recorded_at timestamptz not null,
  received_at timestamptz not null,
  value float8,
  flags int2 not null,
  text text
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

create table telemetry.stored_batch (
  "group" int4 not null,
  seq int8 not null,
  organization_id uuid not null,
  previous_seq int8 not null,
  -- Readings of minutes before this were added to the rollups in the same transaction; the rest follow with the next flush.
  rolled_up_to timestamptz not null,
  committed_at timestamptz not null,
  payload bytea not null,
  -- Also the fence between two writers that both believe to own the group.
  constraint stored_batch_pkey primary key ("group", seq)
) with (autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_scale_factor = 0.1);
-- Packed numbers do not compress; trying would cost more than the insert.
alter table telemetry.stored_batch alter column payload set storage external;
create index stored_batch_organization_idx on telemetry.stored_batch (organization_id, "group", seq);

create table telemetry.writer_group (
  "group" int4 primary key,
  -- Of the session that holds the group; what an earlier one still tries to flush is refused.
  owner uuid,
  -- Rollups hold every stored reading of minutes before this; later minutes must be read raw. Infinity: nothing is pending.
  rolled_up_to timestamptz not null,
  -- Batches up to here hold nothing that only the writer's memory knows.
  flushed_seq int8 not null,
  heartbeat_at timestamptz not null,
  backlog int8 not null default 0
) with (fillfactor = 20);

create table telemetry.pipeline_counter (
  "group" int4 not null,
  organization_id uuid not null,
  accepted int8 not null,
  duplicates int8 not null,
  rejected int8 not null,
  last_seq int8 not null,
  primary key ("group", organization_id)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.05);

create table telemetry.pipeline_status (
  "group" int4 not null,
  organization_id uuid not null,
  readings_per_second float8 not null,
  -- Readings of the last minute by store latency; bucket i ends at 2^(i/4) ms.
  latency_counts int8[] not null,
  at timestamptz not null,
  primary key ("group", organization_id)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.05);

create table telemetry.dead_letter (
  dead_letter_id uuid primary key,
  organization_id uuid not null,
  source text not null,
  topic text,
  device_key text,
  device_id uuid,
  reason text not null,
  detail text not null,
  payload text not null,
  encoding text not null constraint dead_letter_encoding_check check (encoding in ('UTF8', 'BASE64')),
  received_at timestamptz not null,
  replayed_at timestamptz
);
create index dead_letter_inbox_idx on telemetry.dead_letter (organization_id, received_at desc, dead_letter_id desc);
`;

// The service role may write but not define: partitions come and go through these functions alone.
const PARTITION_FUNCTIONS = `
create function telemetry.partition_unit(parent text) returns text language sql immutable
return case parent when 'reading' then 'day' when 'rollup_minute' then 'month' when 'rollup_hour' then 'year' end;

create function telemetry.ensure_partition(parent text, at timestamptz) returns void
language plpgsql security definer set search_path = telemetry, pg_temp set timezone = 'UTC' as $$
declare
  lower timestamptz := date_trunc(telemetry.partition_unit(parent), at);
  upper timestamptz := lower + ('1 ' || telemetry.partition_unit(parent))::interval;
  partition text := parent || to_char(lower, '_YYYYMMDD');
begin
  if telemetry.partition_unit(parent) is null then raise exception 'no partitioned table %', parent; end if;
  if to_regclass(format('telemetry.%I', partition)) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext('telemetry-partition'));
  if to_regclass(format('telemetry.%I', partition)) is not null then return; end if;
  execute format('create table telemetry.%I (like telemetry.%I including all)', partition, parent);
  if parent = 'reading' then
    -- Insert-only: vacuum early, because index-only scans need the visibility map, and without pause, because it is cheap.
    execute format('alter table telemetry.%I set (autovacuum_vacuum_insert_threshold = 200000,
      autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0)', partition);
  else
    execute format('alter table telemetry.%I set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05,
      autovacuum_vacuum_cost_delay = 0)', partition);
  end if;
  -- ATTACH, unlike CREATE … PARTITION OF, does not stop readers of the parent.
  execute format('alter table telemetry.%I attach partition telemetry.%I for values from (%L) to (%L)', parent, partition, lower, upper);
end $$;

create function telemetry.drop_partitions(parent text, before timestamptz) returns int
language plpgsql security definer set search_path = telemetry, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  partition record;
  dropped int := 0;
begin
  if telemetry.partition_unit(parent) is null then raise exception 'no partitioned table %', parent; end if;
  for partition in
    select c.relname, to_timestamp(right(c.relname, 8), 'YYYYMMDD') as lower
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = format('telemetry.%I', parent)::regclass order by 1
  loop
    if partition.lower + ('1 ' || telemetry.partition_unit(parent))::interval <= before then
      execute format('drop table telemetry.%I', partition.relname);
      insert into retention_mark values (parent, partition.lower + ('1 ' || telemetry.partition_unit(parent))::interval)
      on conflict on constraint retention_mark_pkey do update set dropped_before = excluded.dropped_before;
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end $$;
`;

// Readings and rollups carry no organization of their own: people reach them only together with a series that row-level
// security shows them.
const VIEWS = `
create view telemetry.organization_reading with (security_barrier) as
  select r.* from telemetry.series s join telemetry.reading r using (series_id);
create view telemetry.organization_rollup_minute with (security_barrier) as
  select r.* from telemetry.series s join telemetry.rollup_minute r using (series_id);
create view telemetry.organization_rollup_hour with (security_barrier) as
  select r.* from telemetry.series s join telemetry.rollup_hour r using (series_id);
create view telemetry.organization_latest with (security_barrier) as
  select l.*, s.device_id, s.metric, s.unit, s.kind from telemetry.series s join telemetry.latest l using (series_id);
`;

export class CreateTelemetry1763640000000 implements MigrationInterface {
  name = 'CreateTelemetry1763640000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(PARTITION_FUNCTIONS);
    await runner.query(VIEWS);
    await protectTable(runner, OWNER, 'series', { api: 'select', service: 'select, insert' });
    await protectTable(runner, OWNER, 'stored_batch', { api: 'select', service: 'select, insert, delete' });
    await protectTable(runner, OWNER, 'pipeline_counter', { api: 'select', service: 'select, insert, update' });
    await protectTable(runner, OWNER, 'pipeline_status', { api: 'select', service: 'select, insert, update, delete' });
    await protectTable(runner, OWNER, 'dead_letter', { api: 'select, update, delete', service: 'select, insert, delete' });
    for (const table of ['reading', 'rollup_minute', 'rollup_hour', 'latest', 'writer_group']) {
      await grantTable(runner, OWNER, table, { service: 'select, insert, update, delete' });
    }
    await grantTable(runner, OWNER, 'writer_group', { api: 'select' });
    for (const view of ['organization_reading', 'organization_rollup_minute', 'organization_rollup_hour', 'organization_latest']) {
      await grantTable(runner, OWNER, view, { api: 'select' });
    }
    for (const signature of ['ensure_partition(text, timestamptz)', 'drop_partitions(text, timestamptz)']) {
      await runner.query(`revoke all on function telemetry.${signature} from public`);
      await runner.query(`grant execute on function telemetry.${signature} to ${roleName(OWNER, 'service')}`);
    }
    await grantTable(runner, OWNER, 'retention_mark', { api: 'select' });
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
