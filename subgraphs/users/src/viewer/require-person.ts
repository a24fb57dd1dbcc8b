import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { requireSubject } from '@pulsegraph/kit/viewer';

export interface Person {
  id: string;
  sessionId: string | null;
  organizationId: string;
}

/** For what belongs to a person: UNAUTHENTICATED for strangers, FORBIDDEN for API keys and class viewers. */
export function requirePerson(viewer: Viewer | null): Person {
  if (!viewer) throw errors.unauthenticated();
  const { kind, id, sessionId } = requireSubject(viewer);
  if (kind !== 'USER') throw errors.forbidden();
  return { id, sessionId, organizationId: viewer.organizationId };
}
