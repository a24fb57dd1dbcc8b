import { toConnection } from '@pulsegraph/kit/pagination';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { Asset } from '../asset/asset.entity.js';
import { AssignmentConnection, DeviceConnection } from '../connection/connection.type.js';
import { pageOf, placeOf } from '../connection/keyset.js';
import type { DevicesContext } from '../context.js';
import { Patient } from '../patient/patient.entity.js';
import { DeviceProfile } from '../profile/profile.entity.js';
import { Device } from './device.entity.js';
import { DeviceFilter, DeviceOrder } from './device.input.js';
import { requireDevice, type DeviceReader } from './device.reader.js';
import { FleetStatus } from './device.type.js';

@Resolver(() => Device)
export class DeviceResolver {
  constructor(private readonly reader: DeviceReader) {}

  @Requires('graph:read')
  @Query(() => Device, { nullable: true })
  device(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<Device> {
    return requireDevice(context.loaders, id);
  }

  @Requires('graph:read')
  @Query(() => Device, {
    nullable: true,
    description: 'The key is the name the device uses on the wire; unique within the organization.',
  })
  deviceByKey(@Arg('key', () => String) key: string, @Ctx() { viewer }: DevicesContext): Promise<Device | null> {
    return this.reader.byKey(requireViewer(viewer), key);
  }

  @Requires('graph:read')
  @Query(() => DeviceConnection)
  devices(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('filter', () => DeviceFilter, { nullable: true }) filter: DeviceFilter | null | undefined,
    @Arg('orderBy', () => DeviceOrder, { nullable: true }) orderBy: DeviceOrder | null | undefined,
    @Ctx() context: DevicesContext,
  ): Promise<DeviceConnection> {
    const viewer = requireViewer(context.viewer);
    return this.reader.page(viewer, filter, orderBy ?? undefined, { first, after }, context.loaders);
  }

  @Requires('graph:read')
  @Query(() => FleetStatus, { description: 'Counts by connectivity, for the header.' })
  fleetStatus(
    @Arg('assetId', () => ID, { nullable: true }) assetId: string | null | undefined,
    @Ctx() context: DevicesContext,
  ): Promise<FleetStatus> {
    return this.reader.fleetStatus(requireViewer(context.viewer), assetId ?? null, context.loaders);
  }

  @FieldResolver(() => DeviceProfile)
  profile(@Root() { profileId }: Device, @Ctx() { loaders }: DevicesContext): Promise<DeviceProfile | null> {
    return loaders.profile.load(profileId);
  }

  @FieldResolver(() => Asset, {
    nullable: true,
    description: "Today's; for another day see assignments, or the reading's or alert's own.",
  })
  async asset(@Root() { id }: Device, @Ctx() { loaders }: DevicesContext): Promise<Asset | null> {
    const open = (await loaders.openAssignments.load(id)).find(({ assetId }) => assetId !== null);
    return open ? loaders.asset.load(open.assetId!) : null;
  }

  @Requires('patients:read', { otherwise: 'NULL' })
  @FieldResolver(() => Patient, { nullable: true, description: 'Null without the right to read patients.' })
  async patient(@Root() { id }: Device, @Ctx() { loaders }: DevicesContext): Promise<Patient | null> {
    const open = (await loaders.openAssignments.load(id)).find(({ patientId }) => patientId !== null);
    return open ? loaders.patient.load(open.patientId!) : null;
  }

  @FieldResolver(() => AssignmentConnection)
  async assignments(
    @Root() { id }: Device,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { loaders }: DevicesContext,
  ): Promise<AssignmentConnection> {
    const page = pageOf({ first, after }, 20);
    const place = placeOf(page, 'number');
    const rows = await loaders.assignmentsOf(id, place && { fromUs: place.sort, id: place.id }, page.first + 1);
    const { nodes, pageInfo } = toConnection(rows, page, ({ assignment, fromUs }) => [fromUs, assignment.id]);
    return { nodes: nodes.map(({ assignment }) => assignment), pageInfo };
  }
}
