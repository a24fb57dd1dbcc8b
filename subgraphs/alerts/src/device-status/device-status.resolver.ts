import { parsePage } from '@pulsegraph/kit/pagination';
import { requirePermission } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import { Device, stubOf } from '../entity/stub.type.js';
import type { DeviceStatusPage, DeviceStatusService } from './device-status.service.js';
import { AlertSummary, DeviceStatus, DeviceStatusConnection } from './device-status.type.js';

@Resolver(() => DeviceStatus)
export class DeviceStatusResolver {
  constructor(private readonly service: DeviceStatusService) {}

  @Query(() => DeviceStatusConnection, { description: "Every device with its worst open alert, worst first: the overview's order." })
  async deviceStatuses(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('assetId', () => ID, { nullable: true }) assetId: string | null,
    @Arg('search', () => String, { nullable: true }) search: string | null,
    @Ctx() { viewer, loaders }: AlertsContext,
  ): Promise<DeviceStatusPage> {
    const reader = requirePermission(viewer, 'graph:read');
    const page = parsePage(first ?? 100, after);
    return this.service.page(reader, await loaders.openGroups(), page, { assetId: assetId ?? null, search: search ?? null });
  }

  @Query(() => AlertSummary)
  async alertSummary(
    @Arg('assetId', () => ID, { nullable: true }) assetId: string | null,
    @Ctx() { viewer, loaders }: AlertsContext,
  ): Promise<AlertSummary> {
    const reader = requirePermission(viewer, 'graph:read');
    return this.service.summary(reader, await loaders.openGroups(), assetId ?? null);
  }

  @FieldResolver(() => Device, { nullable: true })
  device(@Root() status: DeviceStatus): Device | null {
    return stubOf(status.deviceId);
  }
}
