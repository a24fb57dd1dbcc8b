import { protectTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has looked at a patient without a clinical role, and why: written once, never changed. */
export class EmergencyAccess1764271204000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table devices.emergency_access (
        id uuid primary key,
        organization_id uuid not null,
        patient_id uuid not null,
        user_id uuid not null,
        sealed_reason text not null,
        started_at timestamptz not null,
        ends_at timestamptz not null,
        constraint emergency_access_patient_fkey foreign key (organization_id, patient_id) references devices.patient (organization_id, id)
      );
      create index emergency_access_open_idx on devices.emergency_access (organization_id, user_id, ends_at);
      create index emergency_access_list_idx on devices.emergency_access (organization_id, started_at desc);
    `);
    await protectTable(runner, 'devices', 'emergency_access', { api: 'select, insert' });
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward; restore a backup instead.'));
  }
}
