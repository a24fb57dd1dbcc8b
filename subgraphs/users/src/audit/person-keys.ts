import type { Sql } from '@pulsegraph/kit/postgres';
import type { Envelope, Sealer } from '@pulsegraph/kit/sealing';

const placeOf = (organizationId: string, personId: string) => `audit-person/${organizationId}/${personId}`;

/** In place of a key: there shall never be another. */
const ERASED = 'erased';

/** Keys of the people in the trail. Who is erased loses theirs; nobody can be named by what it sealed any more. */
export class PersonKeys {
  constructor(
    private readonly envelope: Envelope,
    private readonly sql: Sql,
  ) {}

  /** Makes keys for those who have none. Run within the transaction that seals with them. */
  async ensure(sql: Sql, organizationId: string, personIds: readonly string[]): Promise<Map<string, Sealer>> {
    const erased = await this.erased(sql, organizationId, personIds);
    const found = await this.read(sql, organizationId, personIds);
    for (const personId of personIds) {
      if (found.has(personId)) continue;
      const { wrapped, sealer } = await this.envelope.create(placeOf(organizationId, personId));
      found.set(personId, sealer);
      // A record that was on its way when they were erased: sealed with a key that nobody keeps.
      if (erased.has(personId)) continue;
      await sql('insert into users.audit_person_key (organization_id, person_id, wrapped) values ($1, $2, $3)', [
        organizationId,
        personId,
        wrapped,
      ]);
    }
    return found;
  }

  /** Of those who have not been erased. */
  find(organizationId: string, personIds: readonly string[]): Promise<Map<string, Sealer>> {
    return this.read(this.sql, organizationId, personIds);
  }

  async forget(sql: Sql, organizationId: string, personId: string): Promise<void> {
    await sql(
      `insert into users.audit_person_key (organization_id, person_id, wrapped) values ($1, $2, $3)
       on conflict (organization_id, person_id) do update set wrapped = excluded.wrapped`,
      [organizationId, personId, ERASED],
    );
  }

  /** After a rotation: the same keys under the newest protection. @returns How many were wrapped anew. */
  async rewrapAll(): Promise<number> {
    type Row = { organization_id: string; person_id: string; wrapped: string };
    let count = 0;
    for (const { organization_id, person_id, wrapped } of await this.sql<Row>('select * from users.audit_person_key where wrapped <> $1', [
      ERASED,
    ])) {
      const next = await this.envelope.rewrap(wrapped, placeOf(organization_id, person_id));
      if (next === null) continue;
      count += 1;
      await this.sql('update users.audit_person_key set wrapped = $4 where organization_id = $1 and person_id = $2 and wrapped = $3', [
        organization_id,
        person_id,
        wrapped,
        next,
      ]);
    }
    return count;
  }

  private async erased(sql: Sql, organizationId: string, personIds: readonly string[]): Promise<Set<string>> {
    const rows = await sql<{ person_id: string }>(
      'select person_id from users.audit_person_key where organization_id = $1 and person_id = any($2) and wrapped = $3',
      [organizationId, personIds, ERASED],
    );
    return new Set(rows.map(({ person_id }) => person_id));
  }

  private async read(sql: Sql, organizationId: string, personIds: readonly string[]): Promise<Map<string, Sealer>> {
    const rows = await sql<{ person_id: string; wrapped: string }>(
      'select person_id, wrapped from users.audit_person_key where organization_id = $1 and person_id = any($2) and wrapped <> $3',
      [organizationId, personIds, ERASED],
    );
    const opened = await Promise.all(
      rows.map(
        async ({ person_id, wrapped }) => [person_id, await this.envelope.open(wrapped, placeOf(organizationId, person_id))] as const,
      ),
    );
    return new Map(opened);
  }
}
