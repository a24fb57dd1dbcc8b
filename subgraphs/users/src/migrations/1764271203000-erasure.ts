import { grantTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Erasing a person deletes what until now was only ever replaced. */
export class Erasure1764271203000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await grantTable(runner, 'users', 'user_password', { service: 'delete' });
    await grantTable(runner, 'users', 'preferences', { service: 'delete' });
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
