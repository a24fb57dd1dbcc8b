import { SEVERITIES, type AlertStatus, type DeviceEntry, type Severity, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { toConnection, type Connection, type Page } from '@pulsegraph/kit/pagination';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { AlertRepository, OpenGroup } from '../alert/alert.repository.js';
import { groupBy } from '../group-by.js';
import type { DeviceStatus } from './device-status.type.js';

export interface DeviceStatusPage extends Connection<DeviceStatus> {
  totalCount: number;
}

/** What is wrong where. Devices come from the registry's copy, so that the overview stands while devices is away. */
export class DeviceStatusService {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly registry: RegistryProjection,
    private readonly now: () => number = Date.now,
  ) {}

  /** Every active device, worst open alert first, then by name. @throws NOT_FOUND for another organization's asset. */
  async page(
    viewer: Viewer,
    groups: OpenGroup[],
    page: Page,
    where: { assetId: string | null; search: string | null },
  ): Promise<DeviceStatusPage> {
    const { organizationId } = viewer;
    this.checkAsset(organizationId, where.assetId);
    const byDevice = groupBy(groups, ({ deviceId }) => deviceId);
    const statuses = [...this.devices(organizationId, where)].map((device): DeviceStatus => {
      const open = byDevice.get(device.id) ?? [];
      return {
        deviceId: device.id,
        deviceKey: device.key,
        deviceName: device.name,
        openSeverity: worstOf(open),
        openCount: open.reduce((sum, { count }) => sum + count, 0),
        worst: null,
      };
    });
    statuses.sort(compare);
    const from = page.after ? statuses.findIndex((status) => compareKeyset(keysetOf(status), checkedKeyset(page.after!)) > 0) : 0;
    const rows = from < 0 ? [] : statuses.slice(from, from + page.first + 1);
    const connection = toConnection(rows, page, keysetOf);
    await this.addWorst(organizationId, connection.nodes);
    return { ...connection, totalCount: statuses.length };
  }

  /** @throws NOT_FOUND for another organization's asset. */
  summary(viewer: Viewer, groups: readonly OpenGroup[], assetId: string | null) {
    this.checkAsset(viewer.organizationId, assetId);
    const open = groups.filter((group) => assetId === null || (group.assetId !== null && this.registry.isWithin(group.assetId, assetId)));
    const count = (fits: (group: OpenGroup) => boolean) => open.filter(fits).reduce((sum, group) => sum + group.count, 0);
    const ofStatus = (status: AlertStatus) => count((group) => group.status === status);
    return {
      bySeverity: SEVERITIES.map((severity) => ({ severity, count: count((group) => group.severity === severity) })),
      triggered: ofStatus('TRIGGERED'),
      acknowledged: ofStatus('ACKNOWLEDGED'),
      escalated: ofStatus('ESCALATED'),
    };
  }

  private *devices(organizationId: string, { assetId, search }: { assetId: string | null; search: string | null }): Generator<DeviceEntry> {
    const wanted = search?.toLowerCase() ?? '';
    const nowMs = this.now();
    for (const device of this.registry.devicesOf(organizationId)) {
      if (device.lifecycle !== 'ACTIVE') continue;
      if (wanted && !device.key.toLowerCase().includes(wanted) && !device.name.toLowerCase().includes(wanted)) continue;
      if (assetId !== null) {
        const place = this.registry.assetOf(device.id, nowMs);
        if (place === null || !this.registry.isWithin(place, assetId)) continue;
      }
      yield device;
    }
  }

  private async addWorst(organizationId: string, statuses: readonly DeviceStatus[]): Promise<void> {
    const ids = statuses.filter(({ openCount }) => openCount > 0).map(({ deviceId }) => deviceId);
    if (ids.length === 0) return;
    const worst = new Map((await this.alerts.worstOpenOf(organizationId, ids)).map((alert) => [alert.deviceId, alert]));
    for (const status of statuses) status.worst = worst.get(status.deviceId) ?? null;
  }

  private checkAsset(organizationId: string, assetId: string | null): void {
    if (assetId !== null && this.registry.asset(assetId)?.organizationId !== organizationId) throw errors.notFound('asset');
  }
}

export function worstOf(groups: readonly Pick<OpenGroup, 'severity'>[]): Severity | null {
  return SEVERITIES.find((severity) => groups.some((group) => group.severity === severity)) ?? null;
}

type StatusKeyset = readonly [rank: number, name: string, id: string];

const keysetOf = ({ openSeverity, deviceName, deviceId }: DeviceStatus): StatusKeyset => [
  openSeverity === null ? SEVERITIES.length : SEVERITIES.indexOf(openSeverity),
  deviceName,
  deviceId,
];

const byName = new Intl.Collator('en', { numeric: true });
const compareKeyset = (a: StatusKeyset, b: StatusKeyset) =>
  a[0] - b[0] || byName.compare(a[1], b[1]) || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
const compare = (a: DeviceStatus, b: DeviceStatus) => compareKeyset(keysetOf(a), keysetOf(b));

function checkedKeyset(keyset: NonNullable<Page['after']>): StatusKeyset {
  const [rank, name, id] = keyset;
  if (typeof rank !== 'number' || typeof name !== 'string' || typeof id !== 'string') {
    throw errors.badUserInput('after', 'is no cursor of this list');
  }
  return [rank, name, id];
}
