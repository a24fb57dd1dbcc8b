import { DEVICE_KEY, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { toConnection } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import type { DeviceCriteria } from '../change/device-filter.js';
import type { DeviceConnection } from '../connection/connection.type.js';
import { foreignCursor, pageOf, type PageArguments } from '../connection/keyset.js';
import type { Loaders } from '../loaders.js';
import { criteriaOf } from './device-criteria.js';
import { DeviceListRepository, keysetOf, toKeyset, type DeviceOrdering } from './device-list.repository.js';
import type { Device } from './device.entity.js';
import { DeviceRepository } from './device.repository.js';
import type { FleetStatus } from './device.type.js';

const BY_NAME: DeviceOrdering = { field: 'NAME', direction: 'ASC' };

/** Lists and counts of devices. */
export class DeviceReader {
  constructor(private readonly dataSource: DataSource) {}

  async page(
    viewer: Viewer,
    filter: DeviceCriteria | null | undefined,
    order: DeviceOrdering = BY_NAME,
    args: PageArguments,
    loaders: Loaders,
  ): Promise<DeviceConnection> {
    const page = pageOf(args, 50);
    const after = page.after ? keysetOf(order, page.after) : undefined;
    if (page.after && !after) throw foreignCursor();
    const criteria = await criteriaOf(viewer, filter, loaders);
    // Rows in the transaction of the list: their sort values are those they were listed by.
    const rows = await this.read(viewer, async (manager) => {
      const listed = await new DeviceListRepository(manager).list(criteria, order, after, page.first + 1);
      const devices = await new DeviceRepository(manager).findByIds(listed.map(({ id }) => id));
      const byId = new Map(devices.map((device) => [device.id, device]));
      return listed.flatMap((place) => {
        const device = byId.get(place.id);
        return device ? [{ place, device }] : [];
      });
    });
    const { edges, pageInfo } = toConnection(rows, page, ({ place }) => toKeyset(order, place));
    return {
      nodes: edges.map(({ node }) => node.device),
      edges: edges.map(({ cursor, node }) => ({ cursor, node: node.device })),
      pageInfo,
      count: () => this.read(viewer, (manager) => new DeviceListRepository(manager).count(criteria)),
    };
  }

  /** Null when no device of this organization has the key. */
  byKey(viewer: Viewer, key: string): Promise<Device | null> {
    if (!DEVICE_KEY.test(key)) return Promise.resolve(null);
    return this.read(viewer, (manager) => new DeviceRepository(manager).findByKey(key));
  }

  async fleetStatus(viewer: Viewer, assetId: string | null, loaders: Loaders): Promise<FleetStatus> {
    const criteria = await criteriaOf(viewer, { assetId, lifecycle: 'ACTIVE' }, loaders);
    const counts = await this.read(viewer, (manager) => new DeviceListRepository(manager).countByConnectivity(criteria));
    const [online = 0, offline = 0, neverSeen = 0] = ['ONLINE', 'OFFLINE', 'NEVER_SEEN'].map((connectivity) => counts.get(connectivity));
    return { total: online + offline + neverSeen, online, offline, neverSeen };
  }

  private read<T>({ organizationId }: Viewer, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return inOrganization(this.dataSource, organizationId, work);
  }
}

export const requireDevice = async (loaders: Loaders, id: string): Promise<Device> => {
  const device = await loaders.device.load(id);
  if (!device) throw errors.notFound('device');
  return device;
};
