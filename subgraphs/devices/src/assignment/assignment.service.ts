import { randomUUID } from 'node:crypto';
import { isUuid, may, type Permission, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { isExclusionViolation } from '@pulsegraph/kit/postgres';
import { AssetRepository } from '../asset/asset.repository.js';
import { requireAsset } from '../asset/asset.service.js';
import type { ChangeScope, ChangeWriter } from '../change/change-scope.js';
import { DeviceRepository } from '../device/device.repository.js';
import { deviceErrors } from '../errors.js';
import type { PatientVault } from '../patient/patient-vault.js';
import { PatientRepository } from '../patient/patient.repository.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { Assignment } from './assignment.entity.js';
import { AssignmentRepository, kindOf, type AssignmentKind } from './assignment.repository.js';
import { beginAt, endAt } from './interval.js';

/** Exactly one of the two. */
export interface Target {
  assetId: string | null;
  patientId: string | null;
}

const PERMISSION: Record<AssignmentKind, Permission> = { ASSET: 'devices:write', PATIENT: 'patients:write' };

/** Which device serves which asset or patient, and when. A reading belongs to where its device was at recordedAt. */
export class AssignmentService {
  constructor(
    private readonly changes: ChangeWriter,
    private readonly vault: PatientVault,
  ) {}

  /** Closes the open assignment of the same kind at `from`, or replaces it when it began later than that. */
  async assign(
    viewer: Viewer,
    deviceId: string,
    to: Partial<Record<keyof Target, string | null>>,
    from: Date | null | undefined,
  ): Promise<Assignment> {
    const target: Target = { assetId: to.assetId ?? null, patientId: to.patientId ?? null };
    if ((target.assetId === null) === (target.patientId === null))
      throw errors.badUserInput('to', 'must name one of patientId and assetId');
    if (!may(viewer.role, PERMISSION[kindOf(target)])) throw errors.forbidden();
    return refusingOverlaps(() =>
      this.changes.run(viewer, async (scope) => {
        const device = isUuid(deviceId) ? await new DeviceRepository(scope.manager).lock(deviceId) : null;
        if (!device) throw errors.notFound('device');
        if (device.lifecycle === 'RETIRED') throw errors.conflict('The device is retired.');
        if (target.patientId !== null) await this.requirePatient(scope, target.patientId);
        else await requireAsset(new AssetRepository(scope.manager), target.assetId!);
        return scope.changingDevices([deviceId], 'ASSIGNMENT', () => assignWithin(scope, deviceId, target, beginAt(from, scope.at)));
      }),
    );
  }

  async end(viewer: Viewer, id: string, at: Date | null | undefined): Promise<Assignment> {
    if (!may(viewer.role, PERMISSION.ASSET) && !may(viewer.role, PERMISSION.PATIENT)) throw errors.forbidden();
    const noSuchAssignment = () => errors.notFound('assignment');
    if (!isUuid(id)) throw noSuchAssignment();
    return this.changes.run(viewer, async (scope) => {
      const assignments = new AssignmentRepository(scope.manager);
      const seen = await assignments.findById(id);
      if (!seen || !(await new DeviceRepository(scope.manager).lock(seen.deviceId))) throw noSuchAssignment();
      // Again under the device's lock: another caller may have ended or replaced it meanwhile.
      const assignment = await assignments.findById(id);
      if (!assignment) throw noSuchAssignment();
      if (!may(viewer.role, PERMISSION[kindOf(assignment)])) throw errors.forbidden();
      if (assignment.toAt) throw errors.conflict('The assignment has ended already.', { endedAt: assignment.toAt });
      const toAt = endAt(at, scope.at, [assignment.fromAt]);
      await scope.changingDevices([assignment.deviceId], 'ASSIGNMENT', () => endWithin(scope, assignment, toAt));
      return { ...assignment, toAt };
    });
  }

  private async requirePatient(scope: ChangeScope, id: string): Promise<void> {
    const patient = isUuid(id) ? await new PatientRepository(scope.manager, this.vault).lock(id) : null;
    if (!patient) throw errors.notFound('patient');
    if (patient.dischargedAt) throw errors.conflict('The patient is discharged.');
  }
}

/** Inside a running change; the caller holds the device's lock and has checked the target. */
export async function assignWithin(scope: ChangeScope, deviceId: string, target: Target, fromAt: Date): Promise<Assignment> {
  const assignments = new AssignmentRepository(scope.manager);
  const open = (await assignments.openOf(deviceId)).find((assignment) => kindOf(assignment) === kindOf(target));
  if (open) {
    const same = open.assetId === target.assetId && open.patientId === target.patientId;
    if (same && open.fromAt <= fromAt) return open;
    if (open.fromAt < fromAt) {
      await endWithin(scope, open, fromAt);
    } else {
      await assignments.delete(open.id);
      scope.feedGone('assignment', [open.id]);
    }
  }
  const assignment: Assignment = { id: randomUUID(), organizationId: scope.organizationId, deviceId, ...target, fromAt, toAt: null };
  await assignments.insert([assignment]);
  scope.feed(registryEntry.assignment(assignment));
  return assignment;
}

/** Ends an assignment; one that would have no length is taken back. */
export async function endWithin(scope: ChangeScope, assignment: Assignment, toAt: Date): Promise<void> {
  const assignments = new AssignmentRepository(scope.manager);
  if (assignment.fromAt < toAt) {
    await assignments.end(assignment.id, toAt);
    scope.feed(registryEntry.assignment({ ...assignment, toAt }));
  } else {
    await assignments.delete(assignment.id);
    scope.feedGone('assignment', [assignment.id]);
  }
}

/** Only the exclusion constraint decides between two callers; what it refuses overlaps a closed assignment. */
async function refusingOverlaps<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isExclusionViolation(error, 'assignment_no_overlap')) throw deviceErrors.assignmentOverlaps();
    throw error;
  }
}
