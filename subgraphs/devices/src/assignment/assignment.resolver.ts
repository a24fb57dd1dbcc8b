import { Requires } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { Asset } from '../asset/asset.entity.js';
import { change, type DevicesContext } from '../context.js';
import { Device } from '../device/device.entity.js';
import { Patient } from '../patient/patient.entity.js';
import { Assignment } from './assignment.entity.js';
import { AssignmentTarget } from './assignment.input.js';
import type { AssignmentService } from './assignment.service.js';

@Resolver(() => Assignment)
export class AssignmentResolver {
  constructor(private readonly assignments: AssignmentService) {}

  @FieldResolver(() => Device)
  device(@Root() { deviceId }: Assignment, @Ctx() { loaders }: DevicesContext): Promise<Device | null> {
    return loaders.device.load(deviceId);
  }

  @Requires('patients:read', { otherwise: 'NULL' })
  @FieldResolver(() => Patient, { nullable: true })
  async patient(@Root() { patientId }: Assignment, @Ctx() { loaders }: DevicesContext): Promise<Patient | null> {
    return patientId === null ? null : loaders.patient.load(patientId);
  }

  @FieldResolver(() => Asset, { nullable: true })
  async asset(@Root() { assetId }: Assignment, @Ctx() { loaders }: DevicesContext): Promise<Asset | null> {
    return assetId === null ? null : loaders.asset.load(assetId);
  }

  // Which of the two depends on the target: the service decides.
  @Requires(['devices:write', 'patients:write'])
  @Mutation(() => Assignment, {
    description: 'Time-bounded: readings recorded inside the interval belong to this patient or asset.',
  })
  assignDevice(
    @Arg('deviceId', () => ID) deviceId: string,
    @Arg('to', () => AssignmentTarget) to: AssignmentTarget,
    @Arg('from', () => Date, { nullable: true }) from: Date | null | undefined,
    @Ctx() context: DevicesContext,
  ): Promise<Assignment> {
    return change(context, (viewer) => this.assignments.assign(viewer, deviceId, to, from));
  }

  @Requires(['devices:write', 'patients:write'])
  @Mutation(() => Assignment)
  endAssignment(
    @Arg('id', () => ID) id: string,
    @Arg('at', () => Date, { nullable: true }) at: Date | null | undefined,
    @Ctx() context: DevicesContext,
  ): Promise<Assignment> {
    return change(context, (viewer) => this.assignments.end(viewer, id, at));
  }
}
