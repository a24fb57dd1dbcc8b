import type { AssignmentEntry, Viewer } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { LatestLoader } from './latest.loader.js';
import type { LatestRepository } from './latest.repository.js';
import { measuredMs, type Measurement } from './measurement.js';

/** The end of time, as far as Postgres and a double agree on it. */
const OPEN_MS = Date.UTC(2200, 0);

/** What patients and assets have for latest: readings of the devices assigned to them when these were recorded. */
export class LatestService {
  constructor(
    private readonly repository: LatestRepository,
    private readonly projection: RegistryProjection,
  ) {}

  /** The newest reading per metric, of whatever device. */
  async ofPatient({ organizationId }: Viewer, patientId: string, loader: LatestLoader, requestId: string): Promise<Measurement[]> {
    const all = await this.within(organizationId, this.projection.assignmentsOfPatient(patientId), loader, requestId);
    return newestBy(all, ({ reading }) => reading.metric);
  }

  /** The newest reading per device and metric, of the asset and everything below it. */
  async ofAsset({ organizationId }: Viewer, assetId: string, loader: LatestLoader, requestId: string): Promise<Measurement[]> {
    const assignments: AssignmentEntry[] = [];
    for (const device of this.projection.devicesOf(organizationId)) {
      for (const assignment of this.projection.assignmentsOf(device.id)) {
        if (assignment.assetId !== null && this.projection.isWithin(assignment.assetId, assetId)) assignments.push(assignment);
      }
    }
    const all = await this.within(organizationId, assignments, loader, requestId);
    return newestBy(all, ({ deviceId, reading }) => `${deviceId} ${reading.metric}`);
  }

  private async within(organizationId: string, assignments: readonly AssignmentEntry[], loader: LatestLoader, requestId: string) {
    const found: Measurement[] = [];
    const missed: AssignmentEntry[] = [];
    await Promise.all(
      assignments.map(async (assignment) => {
        const latest = await loader.load(assignment.deviceId);
        const inside = latest.filter((one) => measuredMs(one) >= assignment.fromMs && measuredMs(one) < (assignment.toMs ?? Infinity));
        found.push(...inside);
        // Mostly the present assignment covers all of a device's latest; only then is there nothing to look for.
        if (inside.length < latest.length) missed.push(assignment);
      }),
    );
    if (missed.length === 0) return found;
    const intervals = missed.map(({ deviceId, fromMs, toMs }) => ({ deviceId, fromMs, toMs: toMs ?? OPEN_MS }));
    return [...found, ...(await this.repository.newestWithin(organizationId, intervals, requestId))];
  }
}

function newestBy(all: readonly Measurement[], keyOf: (one: Measurement) => string): Measurement[] {
  const newest = new Map<string, Measurement>();
  for (const one of all) {
    const known = newest.get(keyOf(one));
    if (!known || one.reading.recordedAtUs > known.reading.recordedAtUs) newest.set(keyOf(one), one);
  }
  return [...newest.values()];
}
