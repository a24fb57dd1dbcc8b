import { errors } from '@pulsegraph/kit/errors';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { AssetConnection, DeviceConnection } from '../connection/connection.type.js';
import { change, type DevicesContext } from '../context.js';
import { devicesAt } from '../device/devices-at.js';
import { Asset } from './asset.entity.js';
import { AssetInput } from './asset.input.js';
import { assetConnection, assetPage, type AssetReader } from './asset.reader.js';
import type { AssetService } from './asset.service.js';

@Resolver(() => Asset)
export class AssetResolver {
  constructor(
    private readonly assetService: AssetService,
    private readonly reader: AssetReader,
  ) {}

  @Requires('graph:read')
  @Query(() => Asset, { nullable: true })
  async asset(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<Asset> {
    const asset = await context.loaders.asset.load(id);
    if (!asset) throw errors.notFound('asset');
    return asset;
  }

  @Requires('graph:read')
  @Query(() => AssetConnection, { description: 'Roots of the asset tree (sites), or the children of one asset.' })
  assets(
    @Arg('parentId', () => ID, { nullable: true }) parentId: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { viewer, requestId }: DevicesContext,
  ): Promise<AssetConnection> {
    return this.reader.page(requireViewer(viewer), parentId ?? null, { first, after }, requestId);
  }

  @FieldResolver(() => Asset, { nullable: true })
  async parent(@Root() { parentId }: Asset, @Ctx() { loaders }: DevicesContext): Promise<Asset | null> {
    return parentId === null ? null : loaders.asset.load(parentId);
  }

  @FieldResolver(() => AssetConnection)
  async children(
    @Root() { id }: Asset,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { loaders }: DevicesContext,
  ): Promise<AssetConnection> {
    const { page, after: place } = assetPage({ first, after });
    const rows = await loaders.childrenOf(id, place, page.first + 1);
    return { ...assetConnection(rows, page), count: () => loaders.countChildrenOf(id) };
  }

  @FieldResolver(() => DeviceConnection)
  devices(
    @Root() { id }: Asset,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { loaders }: DevicesContext,
  ): Promise<DeviceConnection> {
    return devicesAt(loaders, 'asset_id', id, { first, after }, 50);
  }

  @Requires('devices:write')
  @Mutation(() => Asset)
  createAsset(@Arg('input', () => AssetInput) input: AssetInput, @Ctx() context: DevicesContext): Promise<Asset> {
    return change(context, (viewer) => this.assetService.create(viewer, input));
  }

  @Requires('devices:write')
  @Mutation(() => Asset)
  updateAsset(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => AssetInput) input: AssetInput,
    @Ctx() context: DevicesContext,
  ): Promise<Asset> {
    return change(context, (viewer) => this.assetService.update(viewer, id, input));
  }

  @Requires('devices:write')
  @Mutation(() => ID, { description: 'Refused with CONFLICT while devices or children remain.' })
  deleteAsset(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<string> {
    return change(context, (viewer) => this.assetService.delete(viewer, id));
  }
}
