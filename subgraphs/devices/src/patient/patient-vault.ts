import { Envelope, localKeyService, type KeyService, type Sealer } from '@pulsegraph/kit/sealing';
import type { Patient } from './patient.entity.js';
import { indexedWords, searchedWords } from './patient-words.js';

export type PersonalFields = Pick<Patient, 'displayName' | 'recordNumber' | 'birthDate'>;

/** How the personal fields of one patient lie in the database. */
export interface SealedFields {
  /** The patient's own key, wrapped; null once the patient was erased. */
  wrappedKey: string | null;
  sealed: string | null;
  /** Blind: tells which patients share a word, to whom does not have the key not which. */
  searchTokens: string[];
}

export const ERASED_NAME = 'Erased';
const INDEX = 'patient-word';
const placeOf = (id: string) => `patient/${id}`;

/** Seals and opens what identifies a patient: each under a key of their own, which DATA_KEY or a key service wraps (ADR 0051). */
export class PatientVault {
  private readonly envelope: Envelope;

  /** @param sealer Makes the blind index; wraps the keys where no key service is given. */
  constructor(
    private readonly sealer: Sealer,
    keys: KeyService = localKeyService(sealer),
  ) {
    this.envelope = new Envelope(keys);
  }

  /** @param wrappedKey The patient's own, where they have one. */
  async seal(id: string, fields: PersonalFields, wrappedKey: string | null = null): Promise<SealedFields> {
    const { wrapped, sealer } = wrappedKey
      ? { wrapped: wrappedKey, sealer: await this.keyOf(id, wrappedKey) }
      : await this.envelope.create(placeOf(id));
    const { displayName, recordNumber, birthDate } = fields;
    return {
      wrappedKey: wrapped,
      sealed: sealer.seal(JSON.stringify({ displayName, recordNumber, birthDate }), placeOf(id)),
      searchTokens: this.tokensOf(fields),
    };
  }

  async open(id: string, { wrappedKey, sealed }: Omit<SealedFields, 'searchTokens'>): Promise<PersonalFields> {
    if (wrappedKey === null || sealed === null) return { displayName: ERASED_NAME, recordNumber: null, birthDate: null };
    const key = await this.keyOf(id, wrappedKey);
    return JSON.parse(key.open(sealed, placeOf(id))) as PersonalFields;
  }

  /** For what else is written about them. */
  keyOf(id: string, wrappedKey: string): Promise<Sealer> {
    return this.envelope.open(wrappedKey, placeOf(id));
  }

  /** For each word of a search its stand-ins, one per key: during a rotation some rows have the old one. */
  searchTokens(search: string): string[][] {
    return searchedWords(search).map((word) => this.sealer.blind(word, INDEX));
  }

  /** What a rotation changes; null when nothing is left to do. The data itself stays as it is. */
  async renewed(id: string, row: SealedFields): Promise<Pick<SealedFields, 'wrappedKey' | 'searchTokens'> | null> {
    if (row.wrappedKey === null) return null;
    const indexed = row.searchTokens.every((token) => this.sealer.isCurrent(token));
    const wrapped = await this.envelope.rewrap(row.wrappedKey, placeOf(id));
    if (indexed && wrapped === null) return null;
    const searchTokens = indexed ? row.searchTokens : this.tokensOf(await this.open(id, row));
    return { wrappedKey: wrapped ?? row.wrappedKey, searchTokens };
  }

  private tokensOf({ displayName, recordNumber }: PersonalFields): string[] {
    return indexedWords([displayName, recordNumber]).map((word) => this.sealer.blind(word, INDEX)[0]);
  }
}
