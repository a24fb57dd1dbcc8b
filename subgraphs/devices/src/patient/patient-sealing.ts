import { sqlOfClient, type Sql } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';
import type { PatientVault, SealedFields } from './patient-vault.js';

const BATCH = 200;

interface PlainRow {
  id: string;
  display_name: string;
  record_number: string | null;
  birth_date: string | null;
}

interface SealedRow {
  id: string;
  wrapped_key: string;
  sealed: string;
  search_tokens: string[];
}

/** Seals what older releases wrote, and after a rotation of keys what older keys sealed, while people work on. */
export class PatientSealing {
  private readonly sql: Sql;

  constructor(
    service: Pool,
    private readonly vault: PatientVault,
  ) {
    this.sql = sqlOfClient(service);
  }

  /** @returns How many were plain. */
  async sealPlain(): Promise<number> {
    let sealed = 0;
    for (;;) {
      const rows = await this.sql<PlainRow>(
        `select id, display_name, record_number, birth_date::text from devices.patient where display_name is not null limit $1`,
        [BATCH],
      );
      for (const { id, display_name: displayName, record_number: recordNumber, birth_date: birthDate } of rows) {
        const fields = await this.vault.seal(id, { displayName, recordNumber, birthDate });
        // Somebody who changed the row meanwhile has sealed it.
        await this.sql(
          `update devices.patient set wrapped_key = $2, sealed = $3, search_tokens = $4,
             display_name = null, record_number = null, birth_date = null
           where id = $1 and display_name is not null`,
          [id, fields.wrappedKey, fields.sealed, fields.searchTokens],
        );
      }
      sealed += rows.length;
      if (rows.length < BATCH) return sealed;
    }
  }

  /** Wraps keys and computes blind words anew under the newest key. @returns How many rows were changed. */
  async renew(): Promise<number> {
    let renewed = 0;
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const rows = await this.sql<SealedRow>(
        `select id, wrapped_key, sealed, search_tokens from devices.patient where wrapped_key is not null and id > $1 order by id limit $2`,
        [after, BATCH],
      );
      for (const { id, wrapped_key: wrappedKey, sealed, search_tokens: searchTokens } of rows) {
        const row: SealedFields = { wrappedKey, sealed, searchTokens };
        const next = await this.vault.renewed(id, row);
        if (!next) continue;
        await this.sql(`update devices.patient set wrapped_key = $2, search_tokens = $3 where id = $1 and wrapped_key = $4`, [
          id,
          next.wrappedKey,
          next.searchTokens,
          wrappedKey,
        ]);
        renewed += 1;
      }
      if (rows.length < BATCH) return renewed;
      after = rows.at(-1)!.id;
    }
  }
}
