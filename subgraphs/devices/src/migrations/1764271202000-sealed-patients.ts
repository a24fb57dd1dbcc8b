import { grantTable } from '@pulsegraph/kit/postgres';
import { createSealingKeys } from '@pulsegraph/kit/sealing';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What identifies a patient is sealed; the process seals older rows when it starts, because the database has no key. */
export class SealedPatients1764271202000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createSealingKeys(runner, 'devices');
    await runner.query(`
      alter table devices.patient
        alter column display_name drop not null,
        add column wrapped_key text,
        add column sealed text,
        add column search_tokens text[] not null default '{}'`);
    await runner.query('create index patient_search_idx on devices.patient using gin (search_tokens)');
    await runner.query('create index patient_plain_idx on devices.patient (id) where display_name is not null');
    // The service role seals; where a patient lies is none of its business.
    const sealing = 'wrapped_key, sealed, search_tokens, display_name, record_number, birth_date';
    await grantTable(runner, 'devices', 'patient', { service: `select (id, ${sealing}), update (${sealing})` });
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward; restore a backup instead.'));
  }
}
