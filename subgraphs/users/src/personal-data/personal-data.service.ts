import { isUuid, may, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { sqlOf } from '@pulsegraph/kit/postgres';
import { requirePermission, requireSubject } from '@pulsegraph/kit/viewer';
import type { DataSource, EntityManager } from 'typeorm';
import { ApiKey } from '../api-key/api-key.entity.js';
import { AuditEventRow } from '../audit/audit-event.entity.js';
import type { AuditQueryService } from '../audit/audit-query.service.js';
import type { PersonKeys } from '../audit/person-keys.js';
import { Invitation } from '../invitation/invitation.entity.js';
import { PasswordReset } from '../password-reset/password-reset.entity.js';
import { UserPassword } from '../password/user-password.entity.js';
import { Preferences } from '../preferences/preferences.entity.js';
import type { RevocationFeed } from '../revocation/revocation-feed.js';
import { RecoveryCode, SecondFactor } from '../second-factor/second-factor.entity.js';
import { RefreshTokenRow, SessionRow } from '../session/session.entity.js';
import { identityOf } from '../sign-in/lockout.js';
import { SignInAttempt } from '../sign-in/sign-in-attempt.entity.js';
import { lockedUser, requireAdministrator } from '../user/user-admin.service.js';
import { User } from '../user/user.entity.js';

const ERASED = 'Erased';
const MAX_EVENTS = 100_000;

export interface PersonalDataDeps {
  service: DataSource;
  feed: RevocationFeed;
  people: PersonKeys;
  events: AuditQueryService;
}

/** What is held about a person: handed over, or taken away. */
export class PersonalDataService {
  constructor(private readonly deps: PersonalDataDeps) {}

  /** For administrators, and for oneself. Secrets are no personal data and stay out. @throws NOT_FOUND. */
  async export(viewer: Viewer | null, userId: string): Promise<Record<string, unknown>> {
    if (!viewer) throw errors.unauthenticated();
    const self = viewer.subject?.kind === 'USER' && viewer.subject.id === userId.toLowerCase();
    if (!self && !may(viewer.role, 'users:manage')) throw errors.forbidden();
    const { organizationId } = viewer;
    const { manager } = this.deps.service;
    const user = isUuid(userId) ? await manager.findOneBy(User, { id: userId, organizationId }) : null;
    if (!user) throw errors.notFound('user');
    const of = { userId: user.id };
    const sessions = await manager.find(SessionRow, { where: of, order: { createdAt: 'ASC' } });
    const invitations = await invitationsTo(manager, user);
    const rows = await manager.find(AuditEventRow, {
      where: { organizationId, actorId: user.id },
      order: { seq: 'ASC' },
      take: MAX_EVENTS,
    });
    return {
      account: {
        id: user.id,
        email: user.email,
        displayName: user.displayName,
        role: user.role,
        active: user.active,
        mfaEnabled: user.mfaEnabled,
        createdAt: user.createdAt,
        lastSeenAt: user.lastSeenAt,
      },
      preferences: await manager.findOneBy(Preferences, of),
      sessions: sessions.map(({ id, createdAt, lastUsedAt, endedAt, endReason, userAgent, address }) => ({
        id,
        createdAt,
        lastUsedAt,
        endedAt,
        endReason,
        userAgent,
        address,
      })),
      invitations: invitations.map(({ email, role, invitedBy, createdAt, acceptedAt }) => ({
        email,
        role,
        invitedBy,
        createdAt,
        acceptedAt,
      })),
      auditEvents: (await this.deps.events.opened(organizationId, rows)).map(({ at, action, subjectType, subjectId, ip, actorName }) => ({
        at,
        action,
        subjectType,
        subjectId,
        ip,
        actorName,
      })),
    };
  }

  /**
   * The account stays as an empty shell, so that what it did still has one author; the trail stays and can no longer say who
   * that was. @throws NOT_FOUND; CONFLICT for oneself and for the last administrator.
   */
  async erase(viewer: Viewer | null, userId: string): Promise<void> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    if (requireSubject(viewer!).id === userId.toLowerCase()) throw errors.conflict('Another administrator must do this for you.');
    await this.deps.feed.revoking(async (manager, revoke) => {
      const user = await lockedUser(manager, organizationId, userId);
      const shell = { email: `erased-${user.id}@erased.invalid`, displayName: ERASED, active: false, mfaEnabled: false, lastSeenAt: null };
      await manager.update(User, { id: user.id }, shell);
      await requireAdministrator(manager, organizationId);
      await removeAll(manager, user);
      await this.deps.people.forget(sqlOf(manager), organizationId, user.id);
      revoke({ organizationId, kind: 'user', subjectId: user.id });
    });
  }
}

async function removeAll(manager: EntityManager, user: User): Promise<void> {
  const of = { userId: user.id };
  const sessions = await manager.findBy(SessionRow, of);
  for (const { id } of sessions) await manager.delete(RefreshTokenRow, { sessionId: id });
  await manager.delete(SessionRow, of);
  for (const entity of [UserPassword, Preferences, SecondFactor, RecoveryCode, PasswordReset]) await manager.delete(entity, of);
  await manager.delete(SignInAttempt, { identity: identityOf(user.email) });
  for (const { id } of await invitationsTo(manager, user)) await manager.delete(Invitation, { id });
  // Written by name, as it was then.
  const { organizationId, displayName } = user;
  await manager.update(ApiKey, { organizationId, createdBy: displayName }, { createdBy: ERASED });
  await manager.update(Invitation, { organizationId, invitedBy: displayName }, { invitedBy: ERASED });
}

function invitationsTo(manager: EntityManager, { organizationId, email }: User): Promise<Invitation[]> {
  return manager
    .createQueryBuilder(Invitation, 'i')
    .where('i.organization_id = :organizationId and lower(i.email) = lower(:email)', { organizationId, email })
    .getMany();
}
