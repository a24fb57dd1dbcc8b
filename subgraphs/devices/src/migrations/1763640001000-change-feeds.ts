import { protectTable, roleName } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWNER = 'devices';

/** What others hear: device changes for subscribers, registry entries for the other processes. */
export class ChangeFeeds1763640001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table device_change (
        organization_id uuid not null,
        seq bigint not null,
        device_id uuid not null,
        kind text not null,
        at timestamptz not null,
        -- What filters look at, as it was and as it became; null before registration.
        before jsonb,
        after jsonb not null,
        primary key (organization_id, seq)
      );
      create index device_change_at_idx on device_change (at);

      create sequence registry_revision;
      -- One row per entry, at its newest revision: the outbox compacts itself, and a reader who was away for a year
      -- reads no more than there is. A value of null says that the entry is gone.
      create table registry_change (
        kind text not null,
        entry_id uuid not null,
        organization_id uuid not null,
        revision bigint not null constraint registry_change_revision_key unique,
        value jsonb,
        primary key (kind, entry_id)
      );
    `);
    const roles = { api: 'select, insert, update, delete', service: 'select, insert, update, delete' };
    await protectTable(runner, OWNER, 'device_change', roles);
    await protectTable(runner, OWNER, 'registry_change', roles);
    await runner.query(`grant usage on sequence registry_revision to ${roleName(OWNER, 'api')}, ${roleName(OWNER, 'service')}`);
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward; restore a backup instead.'));
  }
}
