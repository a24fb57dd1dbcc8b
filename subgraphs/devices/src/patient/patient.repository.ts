import { type EntityManager } from 'typeorm';
import { sqlOf } from '../change/sql.js';
import { Patient } from './patient.entity.js';

/**
 * The only place that reads or writes personal fields: whatever protects them at rest goes in here, and nobody above
 * notices. Above this seam a patient is always as people may read it.
 */
export class PatientRepository {
  constructor(private readonly manager: EntityManager) {}

  findByIds(ids: readonly string[]): Promise<Patient[]> {
    return this.query().where('p.id = any(:ids)', { ids }).getMany();
  }

  async findById(id: string): Promise<Patient | null> {
    return this.manager.findOneBy(Patient, { id });
  }

  async lock(id: string): Promise<Patient | null> {
    const rows = await sqlOf(this.manager)(`select from devices.patient where id = $1 for no key update`, [id]);
    return rows.length > 0 ? this.findById(id) : null;
  }

  async insert(patient: Patient): Promise<void> {
    await this.manager.insert(Patient, patient);
  }

  async update(
    id: string,
    change: Partial<Pick<Patient, 'displayName' | 'recordNumber' | 'birthDate' | 'bedId' | 'spo2Scale' | 'dischargedAt'>>,
  ): Promise<void> {
    await this.manager.update(Patient, { id }, change);
  }

  /** Last admitted first, beginning after (admittedAt, id). Discharged patients stay in the list. */
  async page(search: string | null, after: { admittedUs: number; id: string } | undefined, limit: number) {
    const rows = await sqlOf(this.manager)<{ id: string; admitted_us: string }>(
      `select p.id, (extract(epoch from p.admitted_at) * 1000000)::bigint as admitted_us from devices.patient p
       where ${MATCHES_SEARCH}
         and ($2::bigint is null or ((extract(epoch from p.admitted_at) * 1000000)::bigint, p.id) < ($2::bigint, $3::uuid))
       order by p.admitted_at desc, p.id desc limit $4`,
      [patternOf(search), after?.admittedUs ?? null, after?.id ?? null, limit],
    );
    const byId = new Map((await this.findByIds(rows.map(({ id }) => id))).map((patient) => [patient.id, patient]));
    return rows.map(({ id, admitted_us }) => ({ patient: byId.get(id)!, admittedUs: Number(admitted_us) }));
  }

  async count(search: string | null): Promise<number> {
    const [row] = await sqlOf(this.manager)<{ count: number }>(
      `select count(*)::int as count from devices.patient p where ${MATCHES_SEARCH}`,
      [patternOf(search)],
    );
    return row!.count;
  }

  private query() {
    return this.manager.createQueryBuilder(Patient, 'p');
  }
}

const MATCHES_SEARCH = `($1::text is null or p.display_name ilike $1 or p.record_number ilike $1)`;
const patternOf = (search: string | null) => (search ? `%${search.replace(/[\\%_]/g, '\\$&')}%` : null);
