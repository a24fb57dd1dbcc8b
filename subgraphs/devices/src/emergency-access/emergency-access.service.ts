import { randomUUID } from 'node:crypto';
import { isUuid, may, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import { requirePermission, requireSubject } from '@pulsegraph/kit/viewer';
import { MoreThan, type DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { AssignmentRepository } from '../assignment/assignment.repository.js';
import type { Patient } from '../patient/patient.entity.js';
import { PatientRepository } from '../patient/patient.repository.js';
import { ERASED_NAME, type PatientVault } from '../patient/patient-vault.js';
import { EmergencyAccessRow } from './emergency-access.entity.js';

const LASTS_MS = 3_600_000;
const MAX_LISTED = 200;

const request = z
  .object({
    patientId: z.string().nullish(),
    deviceId: z.string().nullish(),
    reason: z.string().trim().min(10, 'must say why, in at least 10 characters').max(500, 'must have at most 500 characters'),
  })
  .refine(({ patientId, deviceId }) => (patientId == null) !== (deviceId == null), 'must name one of patientId and deviceId');

export interface OpenedAccess {
  id: string;
  userId: string;
  patientId: string;
  reason: string;
  startedAt: Date;
  endsAt: Date;
}

/** "Break glass": one patient, one person, one hour, with a reason. The trail has it, and administrators hear of it by mail. */
export class EmergencyAccessService {
  constructor(
    private readonly api: DataSource,
    private readonly vault: PatientVault,
    private readonly nowMs: () => number,
  ) {}

  /** For those who act on alerts. @throws BAD_USER_INPUT; NOT_FOUND; CONFLICT for who may read patients anyway. */
  async open(viewer: Viewer | null, input: unknown, requestId: string): Promise<OpenedAccess> {
    const { organizationId, role } = requirePermission(viewer, 'alerts:handle');
    const subject = requireSubject(viewer!);
    if (subject.kind !== 'USER') throw errors.forbidden();
    const { reason, ...target } = parseInput(request, input);
    if (may(role, 'patients:read')) throw errors.conflict('Your role may read patients already.');
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const patients = new PatientRepository(manager, this.vault);
        const patientId = await patientOf(manager, target);
        const patient = patientId === null ? null : await patients.findById(patientId);
        if (!patient) throw errors.notFound('patient');
        if (patient.dischargedAt) throw errors.conflict('The patient is discharged.');
        const startedAt = new Date(this.nowMs());
        const access = {
          id: randomUUID(),
          userId: subject.id,
          patientId: patient.id,
          startedAt,
          endsAt: new Date(startedAt.getTime() + LASTS_MS),
        };
        const sealedReason = await patients.sealFor(patient.id, reason, access.id);
        await manager.insert(EmergencyAccessRow, { ...access, organizationId, sealedReason });
        return { ...access, reason };
      },
      requestId,
    );
  }

  /** A patient whom this person has opened, while it lasts. @throws FORBIDDEN for any other, there or not. */
  async patient(viewer: Viewer | null, patientId: string, requestId: string): Promise<Patient> {
    const { organizationId } = requirePermission(viewer, 'alerts:handle');
    const { id: userId } = requireSubject(viewer!);
    const where = { userId, patientId, endsAt: MoreThan(new Date(this.nowMs())) };
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const open = isUuid(patientId) && (await manager.existsBy(EmergencyAccessRow, where));
        const patient = open ? await new PatientRepository(manager, this.vault).findById(patientId) : null;
        if (!patient) throw errors.forbidden();
        return patient;
      },
      requestId,
    );
  }

  /** For administrators, newest first. */
  async list(viewer: Viewer | null, requestId: string): Promise<OpenedAccess[]> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const patients = new PatientRepository(manager, this.vault);
        const rows = await manager.find(EmergencyAccessRow, { order: { startedAt: 'DESC' }, take: MAX_LISTED });
        return Promise.all(
          rows.map(async ({ id, userId, patientId, sealedReason, startedAt, endsAt }) => {
            const reason = (await patients.openFor(patientId, sealedReason, id)) ?? ERASED_NAME;
            return { id, userId, patientId, reason, startedAt, endsAt };
          }),
        );
      },
      requestId,
    );
  }
}

async function patientOf(
  manager: EntityManager,
  { patientId, deviceId }: { patientId?: string | null; deviceId?: string | null },
): Promise<string | null> {
  if (patientId != null) return isUuid(patientId) ? patientId : null;
  if (!isUuid(deviceId!)) return null;
  const open = await new AssignmentRepository(manager).openOfDevices([deviceId!]);
  return open.find((assignment) => assignment.patientId !== null)?.patientId ?? null;
}
