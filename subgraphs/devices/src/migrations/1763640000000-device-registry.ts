import { grantTable, protectTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWNER = 'devices';
const CRUD = 'select, insert, update, delete';

/** What people manage: profiles, assets, patients, devices, their assignments and credentials. */
export class DeviceRegistry1763640000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table organization (
        organization_id uuid primary key,
        key text not null constraint organization_key_key unique,
        -- Place of the newest device_change; its row lock is what makes seq grow in commit order.
        device_seq bigint not null default 0,
        -- Changes up to here have been pruned; an older cursor has expired.
        device_pruned_seq bigint not null default 0
      );

      create table device_profile (
        id uuid primary key,
        organization_id uuid not null,
        key text not null,
        name text not null,
        domain text not null check (domain in ('INDUSTRIAL', 'CLINICAL', 'GENERIC')),
        offline_after_ms bigint not null check (offline_after_ms > 0),
        late_after_ms bigint not null check (late_after_ms >= 0),
        metrics jsonb not null,
        created_at timestamptz not null,
        constraint device_profile_organization_key_key unique (organization_id, key),
        constraint device_profile_organization_id_key unique (organization_id, id)
      );

      create table asset (
        id uuid primary key,
        organization_id uuid not null,
        name text not null,
        kind text not null check (kind in ('SITE', 'AREA', 'LINE', 'MACHINE', 'WARD', 'ROOM', 'BED', 'OTHER')),
        parent_id uuid,
        created_at timestamptz not null,
        -- Kept after deletion: past assignments name it.
        deleted_at timestamptz,
        constraint asset_organization_id_key unique (organization_id, id),
        constraint asset_parent_fkey foreign key (organization_id, parent_id) references asset (organization_id, id)
      );
      create index asset_parent_idx on asset (organization_id, parent_id, name, id) where deleted_at is null;

      create table patient (
        id uuid primary key,
        organization_id uuid not null,
        display_name text not null,
        record_number text,
        birth_date date,
        bed_id uuid,
        spo2_scale smallint not null check (spo2_scale in (1, 2)),
        admitted_at timestamptz not null,
        discharged_at timestamptz,
        constraint patient_organization_id_key unique (organization_id, id),
        constraint patient_bed_fkey foreign key (organization_id, bed_id) references asset (organization_id, id)
      );
      create index patient_admitted_idx on patient (organization_id, admitted_at desc, id desc);
      create index patient_bed_idx on patient (bed_id) where discharged_at is null;

      create table device (
        id uuid primary key,
        organization_id uuid not null,
        key text not null,
        name text not null,
        profile_id uuid not null,
        labels jsonb not null default '[]',
        lifecycle text not null default 'ACTIVE' check (lifecycle in ('ACTIVE', 'RETIRED')),
        created_at timestamptz not null,
        updated_at timestamptz not null,
        -- Null until the MQTT edge has accepted the credential; nobody sees the device before.
        accepted_at timestamptz,
        constraint device_organization_key_key unique (organization_id, key),
        constraint device_organization_id_key unique (organization_id, id),
        constraint device_profile_fkey foreign key (organization_id, profile_id) references device_profile (organization_id, id)
      );
      create index device_name_idx on device (organization_id, name, id);
      create index device_created_idx on device (organization_id, created_at, id);
      create index device_profile_idx on device (profile_id);
      create index device_labels_idx on device using gin (labels jsonb_path_ops);
      create index device_pending_idx on device (created_at) where accepted_at is null;

      -- Beside the device, because it is written about once a second: narrow rows, no index on what changes.
      create table device_presence (
        device_id uuid primary key,
        organization_id uuid not null,
        connectivity text not null default 'NEVER_SEEN' check (connectivity in ('ONLINE', 'OFFLINE', 'NEVER_SEEN')),
        since timestamptz not null,
        last_seen_at timestamptz,
        status_online boolean,
        status_at timestamptz,
        constraint device_presence_device_fkey foreign key (organization_id, device_id)
          references device (organization_id, id) on delete cascade
      ) with (fillfactor = 50);

      create table assignment (
        id uuid primary key,
        organization_id uuid not null,
        device_id uuid not null,
        asset_id uuid,
        patient_id uuid,
        kind text generated always as (case when asset_id is null then 'PATIENT' else 'ASSET' end) stored,
        from_at timestamptz not null,
        to_at timestamptz,
        constraint assignment_one_target check (num_nonnulls(asset_id, patient_id) = 1),
        constraint assignment_not_empty check (from_at < to_at),
        constraint assignment_no_overlap exclude using gist
          (device_id with =, kind with =, tstzrange(from_at, to_at) with &&),
        constraint assignment_device_fkey foreign key (organization_id, device_id)
          references device (organization_id, id) on delete cascade,
        constraint assignment_asset_fkey foreign key (organization_id, asset_id) references asset (organization_id, id),
        constraint assignment_patient_fkey foreign key (organization_id, patient_id) references patient (organization_id, id)
      );
      create index assignment_device_idx on assignment (device_id, from_at desc, id desc);
      create index assignment_open_asset_idx on assignment (asset_id) where to_at is null;
      create index assignment_open_patient_idx on assignment (patient_id) where to_at is null;

      create table credential (
        id uuid primary key,
        organization_id uuid not null,
        device_id uuid not null,
        username text not null,
        token_hash text not null,
        valid_until timestamptz,
        created_at timestamptz not null,
        constraint credential_device_fkey foreign key (organization_id, device_id)
          references device (organization_id, id) on delete cascade
      );
      create index credential_device_idx on credential (device_id);
      create index credential_expiry_idx on credential (valid_until) where valid_until is not null;

      -- The asset and everything above it, nearest first.
      create function asset_path(start uuid) returns uuid[] language sql stable as $$
        with recursive up(id, parent_id, depth) as (
          select id, parent_id, 0 from devices.asset where id = start
          union all
          select a.id, a.parent_id, depth + 1 from devices.asset a join up on a.id = up.parent_id
        )
        select coalesce(array_agg(id order by depth), '{}') from up
      $$;
      -- The asset and everything below it.
      create function asset_subtree(start uuid) returns setof uuid language sql stable as $$
        with recursive down(id) as (
          select id from devices.asset where id = start and deleted_at is null
          union all
          select a.id from devices.asset a join down on a.parent_id = down.id where a.deleted_at is null
        )
        select id from down
      $$;
    `);
    await protectTable(runner, OWNER, 'organization', { api: 'select, insert, update', service: 'select, insert, update' });
    for (const table of ['device_profile', 'asset', 'patient']) await protectTable(runner, OWNER, table, { api: CRUD });
    // The service role removes registrations that no edge accepted, and what has expired; see change/ and connectivity/.
    for (const table of ['assignment', 'credential']) {
      await protectTable(runner, OWNER, table, { api: CRUD, service: 'select, delete' });
    }
    // Update, because only who may update a row may lock it.
    await protectTable(runner, OWNER, 'device', { api: CRUD, service: 'select, update, delete' });
    await protectTable(runner, OWNER, 'device_presence', { api: CRUD, service: 'select, update, delete' });
    await grantTable(runner, OWNER, 'asset', { service: 'select' });
    await runner.query(`grant execute on all functions in schema ${OWNER} to ${roleName(OWNER, 'api')}, ${roleName(OWNER, 'service')}`);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward; restore a backup instead.'));
  }
}
