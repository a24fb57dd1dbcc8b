import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { Device } from '../reference/reference.type.js';
import type { StatisticsService } from './statistics.service.js';
import { Statistics, StatisticsWindow } from './statistics.type.js';

@Resolver(() => Device)
export class StatisticsResolver {
  constructor(private readonly service: StatisticsService) {}

  @Requires('graph:read')
  @FieldResolver(() => Statistics, { nullable: true, description: 'Moving window ending now.' })
  statistics(
    @Root() { id }: Device,
    @Arg('metric') metric: string,
    @Arg('window', () => StatisticsWindow, { defaultValue: StatisticsWindow.HOUR }) window: StatisticsWindow,
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<Statistics | null> {
    return this.service.read(requireViewer(viewer), id, metric, window, requestId);
  }
}
