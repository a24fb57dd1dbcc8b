import { createAuditOutbox } from '@pulsegraph/kit/audit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AuditOutbox1764271201000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return createAuditOutbox(runner, 'telemetry');
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward; restore a backup instead.'));
  }
}
