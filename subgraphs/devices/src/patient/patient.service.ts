import { randomUUID } from 'node:crypto';
import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { z } from 'zod';
import { AssetRepository } from '../asset/asset.repository.js';
import { requireAsset } from '../asset/asset.service.js';
import { AssignmentRepository } from '../assignment/assignment.repository.js';
import { endAt } from '../assignment/interval.js';
import type { ChangeWriter } from '../change/change-scope.js';
import { nameText } from '../profile/profile.rules.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { Patient } from './patient.entity.js';
import type { PatientVault } from './patient-vault.js';
import { PatientRepository } from './patient.repository.js';

const patientRules = (nowMs: number) =>
  z.object({
    displayName: nameText,
    recordNumber: nameText.nullish().transform((value) => value ?? null),
    birthDate: z.iso
      .date('must be a date such as 1957-03-31')
      .refine((date) => Date.parse(date) <= nowMs, 'must not lie in the future')
      .refine((date) => date >= '1850-01-01', 'must not lie before 1850')
      .nullish()
      .transform((value) => value ?? null),
    bedId: z
      .string()
      .nullish()
      .transform((id) => id ?? null),
    spo2Scale: z
      .union([z.literal(1), z.literal(2)], 'must be 1 or 2')
      .nullish()
      .transform((value) => value ?? (1 as const)),
  });

const noSuchPatient = () => errors.notFound('patient');

/** People at the bedside monitors. Whoever calls has checked the right to patients. */
export class PatientService {
  constructor(
    private readonly changes: ChangeWriter,
    private readonly vault: PatientVault,
  ) {}

  create(viewer: Viewer, input: unknown): Promise<Patient> {
    const facts = parseInput(patientRules(this.changes.now()), input);
    return this.changes.run(viewer, async (scope) => {
      if (facts.bedId !== null) await requireAsset(new AssetRepository(scope.manager), facts.bedId);
      const patient: Patient = {
        id: randomUUID(),
        organizationId: viewer.organizationId,
        ...facts,
        admittedAt: scope.at,
        dischargedAt: null,
      };
      await new PatientRepository(scope.manager, this.vault).insert(patient);
      scope.feed(registryEntry.patient(patient));
      return patient;
    });
  }

  update(viewer: Viewer, id: string, input: unknown): Promise<Patient> {
    const facts = parseInput(patientRules(this.changes.now()), input);
    return this.changes.run(viewer, async (scope) => {
      const patients = new PatientRepository(scope.manager, this.vault);
      const patient = isUuid(id) ? await patients.lock(id) : null;
      if (!patient) throw noSuchPatient();
      if (facts.bedId !== null && facts.bedId !== patient.bedId) await requireAsset(new AssetRepository(scope.manager), facts.bedId);
      await patients.update(id, facts);
      const updated = { ...patient, ...facts };
      scope.feed(registryEntry.patient(updated));
      return updated;
    });
  }

  /** Deletes the key of what identifies a patient; stays, assignments and readings remain nobody's. @throws NOT_FOUND; CONFLICT. */
  erase(viewer: Viewer, id: string): Promise<void> {
    return this.changes.run(viewer, async (scope) => {
      const patients = new PatientRepository(scope.manager, this.vault);
      const patient = isUuid(id) ? await patients.lock(id) : null;
      if (!patient) throw noSuchPatient();
      if (!patient.dischargedAt) throw errors.conflict('Discharge the patient first.');
      await patients.erase(id);
    });
  }

  /** Ends the stay and every open assignment at the same instant. */
  discharge(viewer: Viewer, id: string, at: Date | null | undefined): Promise<Patient> {
    return this.changes.run(viewer, async (scope) => {
      const patients = new PatientRepository(scope.manager, this.vault);
      const assignments = new AssignmentRepository(scope.manager);
      const patient = isUuid(id) ? await patients.lock(id) : null;
      if (!patient) throw noSuchPatient();
      if (patient.dischargedAt) throw errors.conflict('The patient is discharged already.', { dischargedAt: patient.dischargedAt });
      const open = await assignments.openOfPatient(id);
      const dischargedAt = endAt(at, scope.at, [patient.admittedAt, ...open.map(({ fromAt }) => fromAt)]);
      await scope.changingDevices(
        open.map(({ deviceId }) => deviceId),
        'ASSIGNMENT',
        async () => {
          for (const assignment of open) {
            await assignments.end(assignment.id, dischargedAt);
            scope.feed(registryEntry.assignment({ ...assignment, toAt: dischargedAt }));
          }
        },
      );
      await patients.update(id, { dischargedAt });
      const discharged = { ...patient, dischargedAt };
      scope.feed(registryEntry.patient(discharged));
      return discharged;
    });
  }
}
