import type { Viewer } from '@pulsegraph/contracts';
import { toConnection } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { pageOf, placeOf, type PageArguments } from '../connection/keyset.js';
import type { PatientVault } from './patient-vault.js';
import { PatientRepository } from './patient.repository.js';

/** Lists of patients, last admitted first. Whoever calls has checked the right to patients. */
export class PatientReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: PatientVault,
  ) {}

  async page({ organizationId }: Viewer, search: string | null, args: PageArguments, requestId: string) {
    const page = pageOf(args, 50);
    const place = placeOf(page, 'number');
    const read = <T>(work: (patients: PatientRepository) => Promise<T>) =>
      inOrganization(this.dataSource, organizationId, (manager) => work(new PatientRepository(manager, this.vault)), requestId);
    const rows = await read((patients) => patients.page(search, place && { admittedUs: place.sort, id: place.id }, page.first + 1));
    const { nodes, pageInfo } = toConnection(rows, page, ({ patient, admittedUs }) => [admittedUs, patient.id]);
    return { nodes: nodes.map(({ patient }) => patient), pageInfo, count: () => read((patients) => patients.count(search)) };
  }
}
