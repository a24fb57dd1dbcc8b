import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { requirePermission } from '@pulsegraph/kit/viewer';
import type { DeviceCriteria } from '../change/device-filter.js';
import type { Loaders } from '../loaders.js';

/**
 * A filter as a caller gave it → one that can be asked. Absent means the active devices.
 * @throws NOT_FOUND when it names a profile, asset or patient that is not there, FORBIDDEN for a patient without the right.
 */
export async function criteriaOf(viewer: Viewer, filter: DeviceCriteria | null | undefined, loaders: Loaders): Promise<DeviceCriteria> {
  if (!filter) return { lifecycle: 'ACTIVE' };
  const { profileId, assetId, patientId, ids } = filter;
  requireStorable(filter);
  if (patientId != null) requirePermission(viewer, 'patients:read');
  if (profileId != null && !(await loaders.profile.load(profileId))) throw errors.notFound('device profile');
  if (assetId != null && !(await loaders.asset.load(assetId))) throw errors.notFound('asset');
  if (patientId != null && !(await loaders.patient.load(patientId))) throw errors.notFound('patient');
  const lowerCase = (id: string | null | undefined) => id?.toLowerCase() ?? null;
  return {
    ...filter,
    profileId: lowerCase(profileId),
    assetId: lowerCase(assetId),
    patientId: lowerCase(patientId),
    ids: ids?.filter(isUuid).map((id) => id.toLowerCase()),
  };
}

/** What Postgres cannot hold can match nothing; said here instead of failing there. */
const UNSTORABLE = /[\0\p{Cs}]/u;

function requireStorable({ search, labels }: DeviceCriteria): void {
  if (search && UNSTORABLE.test(search)) throw errors.badUserInput('filter.search', 'must not hold NUL or half characters');
  labels?.forEach(({ key, value }, index) => {
    if (UNSTORABLE.test(key + value)) throw errors.badUserInput(`filter.labels[${index}]`, 'must not hold NUL or half characters');
  });
}

/** @throws BAD_USER_INPUT naming `search`. */
export function searchText(search: string | null | undefined): string | null {
  if (search && UNSTORABLE.test(search)) throw errors.badUserInput('search', 'must not hold NUL or half characters');
  return search || null;
}
