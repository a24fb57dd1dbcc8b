import { may, type Permission, type Viewer, type ViewerSubject } from '@pulsegraph/contracts';
import { errors } from '../errors/index.js';

/** Every resolver starts here: UNAUTHENTICATED without a viewer, FORBIDDEN without the right. */
export function requirePermission(viewer: Viewer | null, permission: Permission): Viewer {
  if (!viewer) throw errors.unauthenticated();
  if (!may(viewer.role, permission)) throw errors.forbidden();
  return viewer;
}

/** For what only a person or key may do: a class viewer acts for a role and has no name to put in a history. */
export function requireSubject(viewer: Viewer): ViewerSubject {
  if (!viewer.subject) throw errors.forbidden();
  return viewer.subject;
}
