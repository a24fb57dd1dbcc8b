import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { Device, Patient } from '../reference/reference.type.js';
import { Gap, toGap } from './gap.type.js';
import type { SeriesResult, SeriesService } from './series.service.js';
import { Series, SeriesColumns, SeriesPoint, SeriesRequest } from './series.type.js';

const toSeries = ({ resolutionMs, ...result }: SeriesResult) => ({ ...result, resolution: resolutionMs });
type SeriesSource = ReturnType<typeof toSeries>;

@Resolver(() => Series)
export class SeriesResolver {
  constructor(private readonly series: SeriesService) {}

  @Requires('graph:read')
  @Query(() => [Series], { name: 'series', nullable: 'items', description: 'Several series in one round trip, for comparison charts.' })
  async readAll(
    @Arg('requests', () => [SeriesRequest]) requests: SeriesRequest[],
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<(Series | null)[]> {
    const results = await this.series.readAll(requireViewer(viewer), requests, requestId);
    return results.map((result) => (result && !(result instanceof Error) ? toSeries(result) : result)) as unknown as (Series | null)[];
  }

  @FieldResolver(() => [SeriesPoint])
  points(@Root() { columns }: SeriesSource): SeriesPoint[] {
    return columns.at.map((at, index) => ({
      at: new Date(at),
      avg: columns.avg[index]!,
      min: columns.min[index]!,
      max: columns.max[index]!,
      last: columns.last[index]!,
      count: columns.count[index]!,
    }));
  }

  @FieldResolver(() => SeriesColumns)
  columns(@Root() { columns }: SeriesSource): SeriesColumns {
    return columns;
  }

  @FieldResolver(() => [Gap])
  gaps(@Root() { gaps }: SeriesSource): Gap[] {
    return gaps.map(toGap);
  }
}

@Resolver(() => Device)
export class DeviceSeriesResolver {
  constructor(private readonly service: SeriesService) {}

  @Requires('graph:read')
  @FieldResolver(() => Series, { nullable: true, description: 'Numbers only; for a TEXT metric see states.' })
  async series(
    @Root() { id }: Device,
    @Arg('metric') metric: string,
    @Arg('from', () => Date) from: Date,
    @Arg('to', () => Date) to: Date,
    @Arg('maxPoints', () => Int, { defaultValue: 500 }) maxPoints: number,
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<Series | null> {
    const result = await this.service.readOne(requireViewer(viewer), id, { metric, from, to, maxPoints }, requestId);
    return result && (toSeries(result) as unknown as Series);
  }
}

@Resolver(() => Patient)
export class PatientSeriesResolver {
  constructor(
    private readonly service: SeriesService,
    private readonly projection: RegistryProjection,
  ) {}

  @Requires('patients:read')
  @FieldResolver(() => Series, { nullable: true })
  async series(
    @Root() { id }: Patient,
    @Arg('metric') metric: string,
    @Arg('from', () => Date) from: Date,
    @Arg('to', () => Date) to: Date,
    @Arg('maxPoints', () => Int, { defaultValue: 500 }) maxPoints: number,
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<Series | null> {
    const reader = requireViewer(viewer);
    if (this.projection.patient(id)?.organizationId !== reader.organizationId) throw errors.notFound('patient');
    const assignments = this.projection.assignmentsOfPatient(id);
    const result = await this.service.readAssigned(reader, assignments, { metric, from, to, maxPoints }, requestId);
    return result && (toSeries(result) as unknown as Series);
  }
}
