import { isUuid, ROLES, type Role, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { requirePermission } from '@pulsegraph/kit/viewer';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { RevocationFeed } from '../revocation/revocation-feed.js';
import { removeSecondFactor } from '../second-factor/second-factor.service.js';
import { SessionRepository } from '../session/session.repository.js';
import { displayName } from './display-name.js';
import { User } from './user.entity.js';

const changes = z.object({ displayName: displayName.nullish(), role: z.enum(ROLES).nullish() });

export interface UserChanges {
  displayName?: string | null;
  role?: Role | null;
}

/** What administrators do to accounts. An organization never loses its last one. */
export class UserAdminService {
  constructor(
    private readonly feed: RevocationFeed,
    private readonly now: () => Date,
  ) {}

  /** A changed role counts at once: tokens that name the old one are void. @throws NOT_FOUND; BAD_USER_INPUT; CONFLICT. */
  async update(viewer: Viewer | null, id: string, input: UserChanges): Promise<User> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const { displayName: name, role } = parseInput(changes, input);
    return this.feed.revoking(async (manager, revoke) => {
      const user = await lockedUser(manager, organizationId, id);
      const next: User = { ...user, displayName: name ?? user.displayName, role: role ?? user.role };
      await manager.update(User, { id: user.id }, { displayName: next.displayName, role: next.role });
      if (next.role !== user.role) {
        await requireAdministrator(manager, organizationId);
        revoke({ organizationId, kind: 'role', subjectId: user.id, role: next.role });
      }
      return next;
    });
  }

  /** Ends every session and refuses new ones; what the person did stays under their name. @throws NOT_FOUND; CONFLICT. */
  async deactivate(viewer: Viewer | null, id: string): Promise<User> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    return this.feed.revoking(async (manager, revoke) => {
      const user = await lockedUser(manager, organizationId, id);
      await manager.update(User, { id: user.id }, { active: false });
      await requireAdministrator(manager, organizationId);
      await new SessionRepository(manager).end({ userId: user.id }, 'DEACTIVATED', this.now());
      revoke({ organizationId, kind: 'user', subjectId: user.id });
      return { ...user, active: false };
    });
  }

  /** They sign in as before; sessions that were ended stay so. @throws NOT_FOUND. */
  async reactivate(viewer: Viewer | null, id: string): Promise<User> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    return this.feed.revoking(async (manager) => {
      const user = await lockedUser(manager, organizationId, id);
      await manager.update(User, { id: user.id }, { active: true });
      return { ...user, active: true };
    });
  }

  /** For somebody who lost phone and recovery codes: their password alone lets them in again. @throws NOT_FOUND. */
  async removeSecondFactor(viewer: Viewer | null, id: string): Promise<User> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    return this.feed.revoking(async (manager) => {
      const user = await lockedUser(manager, organizationId, id);
      await removeSecondFactor(manager, user.id);
      return { ...user, mfaEnabled: false };
    });
  }
}

/** @throws NOT_FOUND, for another organization's too. */
export async function lockedUser(manager: EntityManager, organizationId: string, id: string): Promise<User> {
  // Administrators of one organization act one after another: two cannot demote each other at the same moment.
  await manager.query('select pg_advisory_xact_lock(hashtext($1))', [`users.administrators.${organizationId}`]);
  const user = isUuid(id) ? await manager.findOneBy(User, { id, organizationId }) : null;
  if (!user) throw errors.notFound('user');
  return user;
}

/** Call after the change. @throws CONFLICT when nobody is left to manage the organization. */
export async function requireAdministrator(manager: EntityManager, organizationId: string): Promise<void> {
  const left = await manager.countBy(User, { organizationId, role: 'ADMIN', active: true });
  if (left === 0) throw errors.conflict('This is the last administrator; make somebody else one first.');
}
