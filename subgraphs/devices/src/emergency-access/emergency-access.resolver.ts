import { Requires } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { DevicesContext } from '../context.js';
import { Patient } from '../patient/patient.entity.js';
import type { EmergencyAccessService } from './emergency-access.service.js';
import { EmergencyAccess, EmergencyAccessInput } from './emergency-access.type.js';

@Resolver(() => EmergencyAccess)
export class EmergencyAccessResolver {
  constructor(private readonly accesses: EmergencyAccessService) {}

  @Requires('alerts:handle')
  @Mutation(() => EmergencyAccess, {
    description:
      'For those who act on alerts and may not read patients: opens one patient to the caller for an hour. Recorded, and announced to administrators. Fails with NOT_FOUND, CONFLICT.',
  })
  openEmergencyAccess(@Arg('input', () => EmergencyAccessInput) input: EmergencyAccessInput, @Ctx() { viewer, requestId }: DevicesContext) {
    return this.accesses.open(viewer, input, requestId);
  }

  @Requires('alerts:handle')
  @Query(() => Patient, {
    description: 'A patient whom the caller has opened with `openEmergencyAccess`, for as long as that lasts. Else FORBIDDEN.',
  })
  emergencyPatient(@Arg('id', () => ID) id: string, @Ctx() { viewer, requestId }: DevicesContext): Promise<Patient> {
    return this.accesses.patient(viewer, id, requestId);
  }

  @Requires('users:manage')
  @Query(() => [EmergencyAccess], { description: 'For administrators: the last two hundred, newest first.' })
  emergencyAccesses(@Ctx() { viewer, requestId }: DevicesContext): Promise<EmergencyAccess[]> {
    return this.accesses.list(viewer, requestId);
  }

  @FieldResolver(() => Patient, { nullable: true })
  patient(@Root() { patientId }: EmergencyAccess, @Ctx() { loaders }: DevicesContext): Promise<Patient | null> {
    return loaders.patient.load(patientId);
  }
}
