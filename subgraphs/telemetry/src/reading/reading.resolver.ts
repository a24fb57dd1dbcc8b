import { qualityOf, type ReadingQuality as Quality } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, Float, ID, Resolver, Root } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { Asset, Device, Patient } from '../reference/reference.type.js';
import type { LatestService } from './latest.service.js';
import { measuredMs, type Measurement } from './measurement.js';
import { Reading, ReadingQuality } from './reading.type.js';

const only = (all: Measurement[], metrics: readonly string[] | null | undefined) =>
  (metrics ? all.filter(({ reading }) => metrics.includes(reading.metric)) : all) as unknown as Reading[];

/** Every field from the measurement: a reading is never copied into the shape of its type. */
@Resolver(() => Reading)
export class ReadingResolver {
  constructor(private readonly projection: RegistryProjection) {}

  @FieldResolver(() => ID) deviceId(@Root() { deviceId }: Measurement): string {
    return deviceId;
  }
  @FieldResolver() deviceKey(@Root() { deviceId, deviceKey }: Measurement): string {
    return deviceKey ?? this.projection.device(deviceId)?.key ?? '';
  }
  @FieldResolver(() => Device, { nullable: true }) device(@Root() { deviceId }: Measurement): Device {
    return { id: deviceId };
  }
  @FieldResolver(() => Asset, { nullable: true }) asset(@Root() measurement: Measurement): Asset | null {
    const id = this.projection.assetOf(measurement.deviceId, measuredMs(measurement));
    return id === null ? null : { id };
  }
  @Requires('patients:read', { otherwise: 'NULL' })
  @FieldResolver(() => Patient, { nullable: true })
  patient(@Root() measurement: Measurement): Patient | null {
    const id = this.projection.patientOf(measurement.deviceId, measuredMs(measurement));
    return id === null ? null : { id };
  }
  @FieldResolver() metric(@Root() { reading }: Measurement): string {
    return reading.metric;
  }
  @FieldResolver(() => Float, { nullable: true }) value(@Root() { reading }: Measurement): number | null {
    return reading.value;
  }
  @FieldResolver(() => String, { nullable: true }) text(@Root() { reading }: Measurement): string | null {
    return reading.text;
  }
  @FieldResolver() unit(@Root() { reading }: Measurement): string {
    return reading.unit;
  }
  @FieldResolver(() => Date) recordedAt(@Root() measurement: Measurement): Date {
    return new Date(measuredMs(measurement));
  }
  @FieldResolver(() => Date) receivedAt(@Root() { receivedAtUs }: Measurement): Date {
    return new Date(Math.floor(receivedAtUs / 1000));
  }
  @FieldResolver(() => ReadingQuality) quality(@Root() { reading }: Measurement): Quality {
    return qualityOf(reading.flags);
  }
}

@Resolver(() => Device)
export class DeviceLatestResolver {
  @Requires('graph:read')
  @FieldResolver(() => [Reading], {
    description: 'The reading with the newest recordedAt per metric; late data does not move it back.',
  })
  async latest(
    @Root() { id }: Device,
    @Arg('metrics', () => [String], { nullable: true }) metrics: string[] | null | undefined,
    @Ctx() { loaders }: TelemetryContext,
  ): Promise<Reading[]> {
    return only(await loaders.latest.load(id), metrics);
  }
}

@Resolver(() => Patient)
export class PatientLatestResolver {
  constructor(
    private readonly latestReadings: LatestService,
    private readonly projection: RegistryProjection,
  ) {}

  @Requires('patients:read')
  @FieldResolver(() => [Reading])
  async latest(
    @Root() { id }: Patient,
    @Arg('metrics', () => [String], { nullable: true }) metrics: string[] | null | undefined,
    @Ctx() { viewer, loaders, requestId }: TelemetryContext,
  ): Promise<Reading[]> {
    const reader = requireViewer(viewer);
    if (this.projection.patient(id)?.organizationId !== reader.organizationId) throw errors.notFound('patient');
    return only(await this.latestReadings.ofPatient(reader, id, loaders.latest, requestId), metrics);
  }
}

@Resolver(() => Asset)
export class AssetLatestResolver {
  constructor(private readonly latestReadings: LatestService) {}

  @Requires('graph:read')
  @FieldResolver(() => [Reading])
  async latest(
    @Root() { id }: Asset,
    @Arg('metrics', () => [String], { nullable: true }) metrics: string[] | null | undefined,
    @Ctx() { viewer, loaders, requestId }: TelemetryContext,
  ): Promise<Reading[]> {
    const reader = requireViewer(viewer);
    return only(await this.latestReadings.ofAsset(reader, id, loaders.latest, requestId), metrics);
  }
}
