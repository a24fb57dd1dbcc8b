import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which way a value was going when it raised the alert. */
export class AlertTrend1764273600000 implements MigrationInterface {
  name = 'AlertTrend1764273600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table alerts.alert add column previous_value double precision');
  }

  async down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
