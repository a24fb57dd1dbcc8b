import { parsePage } from '@pulsegraph/kit/pagination';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import { Device, stubOf } from '../entity/stub.type.js';
import type { DeviceStatusPage, DeviceStatusService } from './device-status.service.js';
import { AlertSummary, DeviceStatus, DeviceStatusConnection } from './device-status.type.js';

@Resolver(() => DeviceStatus)
export class DeviceStatusResolver {
  constructor(private readonly service: DeviceStatusService) {}

  @Requires('graph:read')
  @Query(() => DeviceStatusConnection, { description: "Every device with its worst open alert, worst first: the overview's order." })
  async deviceStatuses(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('assetId', () => ID, { nullable: true }) assetId: string | null,
    @Arg('search', () => String, { nullable: true }) search: string | null,
    @Ctx() { viewer, loaders }: AlertsContext,
  ): Promise<DeviceStatusPage> {
    const reader = requireViewer(viewer);
    const page = parsePage(first ?? 100, after);
    return this.service.page(reader, await loaders.openGroups(), page, { assetId: assetId ?? null, search: search ?? null });
  }

  @Requires('graph:read')
  @Query(() => AlertSummary)
  async alertSummary(
    @Arg('assetId', () => ID, { nullable: true }) assetId: string | null,
    @Ctx() { viewer, loaders }: AlertsContext,
  ): Promise<AlertSummary> {
    const reader = requireViewer(viewer);
    return this.service.summary(reader, await loaders.openGroups(), assetId ?? null);
  }

  @FieldResolver(() => Device, { nullable: true })
  device(@Root() status: DeviceStatus): Device | null {
    return stubOf(status.deviceId);
  }
}
