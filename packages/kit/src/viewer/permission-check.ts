import { may, type Permission, type Role, type Viewer, type ViewerSubject } from '@pulsegraph/contracts';
import { errors } from '../errors/index.js';

/**
 * For what is also called without GraphQL, and for rights that depend on an argument. What a field asks always stands at
 * the field: `@Requires` of the subgraph's kit.
 */
export function requirePermission(viewer: Viewer | null, permission: Permission): Viewer {
  if (!viewer) throw errors.unauthenticated();
  if (!may(viewer.role, permission)) throw errors.forbidden();
  return viewer;
}

/** Behind a field that declares who may: its viewer is there. @throws UNAUTHENTICATED where it was forgotten. */
export function requireViewer(viewer: Viewer | null): Viewer {
  if (!viewer) throw errors.unauthenticated();
  return viewer;
}

export function mayAny(role: Role, permissions: readonly Permission[]): boolean {
  return permissions.some((permission) => may(role, permission));
}

/** For what only a person or key may do: a class viewer acts for a role and has no name to put in a history. */
export function requireSubject(viewer: Viewer): ViewerSubject {
  if (!viewer.subject) throw errors.forbidden();
  return viewer.subject;
}
