import { In, type EntityManager } from 'typeorm';
import { sqlOf } from '../change/sql.js';
import type { Patient } from './patient.entity.js';
import type { PatientVault } from './patient-vault.js';
import { PatientRow } from './patient.row.js';

type PatientChange = Partial<Pick<Patient, 'displayName' | 'recordNumber' | 'birthDate' | 'bedId' | 'spo2Scale' | 'dischargedAt'>>;

/** The only place that reads or writes personal fields. Above this seam a patient is always as people may read it. */
export class PatientRepository {
  constructor(
    private readonly manager: EntityManager,
    private readonly vault: PatientVault,
  ) {}

  async findByIds(ids: readonly string[]): Promise<Patient[]> {
    return Promise.all((await this.manager.findBy(PatientRow, { id: In([...ids]) })).map((row) => this.opened(row)));
  }

  async findById(id: string): Promise<Patient | null> {
    const row = await this.manager.findOneBy(PatientRow, { id });
    return row && this.opened(row);
  }

  async lock(id: string): Promise<Patient | null> {
    const rows = await sqlOf(this.manager)(`select from devices.patient where id = $1 for no key update`, [id]);
    return rows.length > 0 ? this.findById(id) : null;
  }

  async insert({ displayName, recordNumber, birthDate, ...facts }: Patient): Promise<void> {
    const sealed = await this.vault.seal(facts.id, { displayName, recordNumber, birthDate });
    await this.manager.insert(PatientRow, { ...facts, ...sealed });
  }

  /** The caller holds the row. */
  async update(id: string, { displayName, recordNumber, birthDate, ...facts }: PatientChange): Promise<void> {
    const personal = [displayName, recordNumber, birthDate].some((field) => field !== undefined);
    if (!personal) return void (await this.manager.update(PatientRow, { id }, facts));
    const row = await this.manager.findOneByOrFail(PatientRow, { id });
    const now = await this.opened(row);
    const fields = {
      displayName: displayName ?? now.displayName,
      recordNumber: recordNumber === undefined ? now.recordNumber : recordNumber,
      birthDate: birthDate === undefined ? now.birthDate : birthDate,
    };
    await this.manager.update(PatientRow, { id }, { ...facts, ...(await this.vault.seal(id, fields, row.wrappedKey)), ...NOTHING_PLAIN });
  }

  /** Text about a patient, under their key: gone with it. */
  async sealFor(id: string, text: string, place: string): Promise<string> {
    const { wrappedKey } = await this.manager.findOneByOrFail(PatientRow, { id });
    if (wrappedKey === null) throw new Error('An erased patient has no key.');
    return (await this.vault.keyOf(id, wrappedKey)).seal(text, place);
  }

  /** Null once the patient was erased. */
  async openFor(id: string, sealed: string, place: string): Promise<string | null> {
    const { wrappedKey } = await this.manager.findOneByOrFail(PatientRow, { id });
    return wrappedKey === null ? null : (await this.vault.keyOf(id, wrappedKey)).open(sealed, place);
  }

  /** Without their key nobody can read them again, in a copy of the database neither. */
  async erase(id: string): Promise<void> {
    await this.manager.update(PatientRow, { id }, { wrappedKey: null, sealed: null, searchTokens: [], ...NOTHING_PLAIN });
  }

  /** Last admitted first, beginning after (admittedAt, id). Discharged patients stay in the list. */
  async page(search: string | null, after: { admittedUs: number; id: string } | undefined, limit: number) {
    const rows = await sqlOf(this.manager)<{ id: string; admitted_us: string }>(
      `select p.id, (extract(epoch from p.admitted_at) * 1000000)::bigint as admitted_us from devices.patient p
       where ${MATCHES_SEARCH}
         and ($2::bigint is null or ((extract(epoch from p.admitted_at) * 1000000)::bigint, p.id) < ($2::bigint, $3::uuid))
       order by p.admitted_at desc, p.id desc limit $4`,
      [this.tokensOf(search), after?.admittedUs ?? null, after?.id ?? null, limit],
    );
    const byId = new Map((await this.findByIds(rows.map(({ id }) => id))).map((patient) => [patient.id, patient]));
    return rows.map(({ id, admitted_us }) => ({ patient: byId.get(id)!, admittedUs: Number(admitted_us) }));
  }

  async count(search: string | null): Promise<number> {
    const [row] = await sqlOf(this.manager)<{ count: number }>(
      `select count(*)::int as count from devices.patient p where ${MATCHES_SEARCH}`,
      [this.tokensOf(search)],
    );
    return row!.count;
  }

  private tokensOf(search: string | null): string {
    return JSON.stringify(search ? this.vault.searchTokens(search) : []);
  }

  private async opened(row: PatientRow): Promise<Patient> {
    const { id, organizationId, bedId, spo2Scale, admittedAt, dischargedAt } = row;
    const { wrappedKey, sealed, plainName, plainRecordNumber, plainBirthDate } = row;
    const fields =
      plainName === null
        ? await this.vault.open(id, { wrappedKey, sealed })
        : { displayName: plainName, recordNumber: plainRecordNumber, birthDate: plainBirthDate };
    return { id, organizationId, ...fields, bedId, spo2Scale, admittedAt, dischargedAt };
  }
}

export const NOTHING_PLAIN = { plainName: null, plainRecordNumber: null, plainBirthDate: null };

/** $1: for each word the stand-ins that may be its; a patient has one of each. */
const MATCHES_SEARCH = `not exists (
  select from jsonb_array_elements($1::jsonb) as word
  where not p.search_tokens && array(select jsonb_array_elements_text(word)))`;
