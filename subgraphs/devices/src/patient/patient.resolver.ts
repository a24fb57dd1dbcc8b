import { errors } from '@pulsegraph/kit/errors';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Asset } from '../asset/asset.entity.js';
import { DeviceConnection, PatientConnection } from '../connection/connection.type.js';
import { change, type DevicesContext } from '../context.js';
import { searchText } from '../device/device-criteria.js';
import { devicesAt } from '../device/devices-at.js';
import { Patient } from './patient.entity.js';
import { PatientInput } from './patient.input.js';
import type { PatientReader } from './patient.reader.js';
import type { PatientService } from './patient.service.js';

@Resolver(() => Patient)
export class PatientResolver {
  constructor(
    private readonly patientService: PatientService,
    private readonly reader: PatientReader,
  ) {}

  @Requires('patients:read')
  @Query(() => Patient, { nullable: true })
  async patient(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<Patient> {
    const patient = await context.loaders.patient.load(id);
    if (!patient) throw errors.notFound('patient');
    return patient;
  }

  @Requires('patients:read')
  @Query(() => PatientConnection)
  patients(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('search', () => String, { nullable: true }) search: string | null | undefined,
    @Ctx() { viewer, requestId }: DevicesContext,
  ): Promise<PatientConnection> {
    return this.reader.page(requireViewer(viewer), searchText(search), { first, after }, requestId);
  }

  @FieldResolver(() => Asset, { nullable: true })
  async bed(@Root() { bedId }: Patient, @Ctx() { loaders }: DevicesContext): Promise<Asset | null> {
    return bedId === null ? null : loaders.asset.load(bedId);
  }

  @FieldResolver(() => DeviceConnection)
  devices(
    @Root() { id }: Patient,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { loaders }: DevicesContext,
  ): Promise<DeviceConnection> {
    return devicesAt(loaders, 'patient_id', id, { first, after }, 20);
  }

  @Requires('patients:write')
  @Mutation(() => Patient)
  createPatient(@Arg('input', () => PatientInput) input: PatientInput, @Ctx() context: DevicesContext): Promise<Patient> {
    return change(context, (viewer) => this.patientService.create(viewer, input));
  }

  @Requires('patients:write')
  @Mutation(() => Patient)
  updatePatient(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => PatientInput) input: PatientInput,
    @Ctx() context: DevicesContext,
  ): Promise<Patient> {
    return change(context, (viewer) => this.patientService.update(viewer, id, input));
  }

  @Requires('patients:write')
  @Mutation(() => Patient)
  dischargePatient(
    @Arg('id', () => ID) id: string,
    @Arg('at', () => Date, { nullable: true }) at: Date | null | undefined,
    @Ctx() context: DevicesContext,
  ): Promise<Patient> {
    return change(context, (viewer) => this.patientService.discharge(viewer, id, at));
  }

  @Requires('users:manage')
  @Mutation(() => Boolean, {
    description:
      'For administrators: deletes the key of name, record number and birth date of a discharged patient, in backups too once they lack it. Cannot be undone. Fails with NOT_FOUND, CONFLICT.',
  })
  async erasePatient(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<boolean> {
    await change(context, (viewer) => this.patientService.erase(viewer, id));
    return true;
  }
}
