import { METRIC_NAME, isUuid, may, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { ReadingCriteria } from './reading-filter.js';

/** As GraphQL hands it over. */
export interface ReadingFilterArguments {
  deviceIds?: string[] | null;
  assetId?: string | null;
  patientId?: string | null;
  profileId?: string | null;
  metrics?: string[] | null;
}

const MAX_DEVICES = 5_000;
const MAX_METRICS = 500;
/** What was registered a moment ago may not have reached us yet. */
const CATCH_UP_MS = 500;

/** @throws BAD_USER_INPUT for what is no id or name, NOT_FOUND for what is not the organization's, FORBIDDEN for patients. */
export async function checkCriteria(
  viewer: Viewer,
  filter: ReadingFilterArguments,
  projection: RegistryProjection,
): Promise<ReadingCriteria> {
  const { deviceIds, assetId, patientId, profileId, metrics } = filter;
  if (patientId != null && !may(viewer.role, 'patients:read')) throw errors.forbidden();
  checkList(deviceIds, 'filter.deviceIds', MAX_DEVICES, isUuid, 'is no id');
  checkList(metrics, 'filter.metrics', MAX_METRICS, (name) => METRIC_NAME.test(name), 'is no name of a metric');
  for (const [path, id] of Object.entries({ assetId, patientId, profileId })) {
    if (id != null && !isUuid(id)) throw errors.badUserInput(`filter.${path}`, 'is no id');
  }
  // Ids are compared as text from here on, and Postgres writes them in lower case.
  const criteria: ReadingCriteria = {
    deviceIds: deviceIds?.map((id) => id.toLowerCase()),
    assetId: assetId?.toLowerCase(),
    patientId: patientId?.toLowerCase(),
    profileId: profileId?.toLowerCase(),
    metrics: metrics ?? undefined,
  };
  if (unknownIn(viewer, criteria, projection)) await projection.waitFor(projection.revision + 1, CATCH_UP_MS).catch(() => undefined);
  const unknown = unknownIn(viewer, criteria, projection);
  if (unknown) throw errors.notFound(unknown);
  return criteria;
}

function checkList(
  list: readonly string[] | null | undefined,
  path: string,
  most: number,
  fits: (item: string) => boolean,
  fault: string,
): void {
  if (list == null) return;
  if (list.length === 0 || list.length > most) throw errors.badUserInput(path, `must hold between 1 and ${most}`);
  const bad = list.findIndex((item) => !fits(item));
  if (bad >= 0) throw errors.badUserInput(`${path}[${bad}]`, fault);
}

function unknownIn(
  { organizationId }: Viewer,
  { deviceIds = [], assetId, patientId, profileId }: ReadingCriteria,
  projection: RegistryProjection,
): string | null {
  const own = (entry: { organizationId: string } | undefined) => entry?.organizationId === organizationId;
  if (deviceIds.some((id) => !own(projection.device(id)))) return 'device';
  if (assetId !== undefined && !own(projection.asset(assetId))) return 'asset';
  if (patientId !== undefined && !own(projection.patient(patientId))) return 'patient';
  return profileId !== undefined && !own(projection.profile(profileId)) ? 'device profile' : null;
}
