import { randomUUID } from 'node:crypto';
import { ROLES, type Role, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { isUniqueViolation } from '@pulsegraph/kit/postgres';
import { requirePermission, requireSubject } from '@pulsegraph/kit/viewer';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { ClientTrace } from '../client-trace.js';
import { usersErrors } from '../errors.js';
import type { LinkMail } from '../link/link-mail.js';
import { linkTokenHash, newLinkToken } from '../link/link-token.js';
import { Organization } from '../organization/organization.entity.js';
import { requireGoodPassword } from '../password/password-policy.js';
import { wordsOf, type PasswordService } from '../password/password.service.js';
import type { IssuedSession, SessionService } from '../session/session.service.js';
import { AccountRepository, type Account } from '../user/account.repository.js';
import { displayName as displayNameRule } from '../user/display-name.js';
import { User } from '../user/user.entity.js';
import { Invitation } from './invitation.entity.js';

const LIFETIME_MS = 7 * 24 * 3_600_000;

const invited = z.object({ email: z.email().max(254), role: z.enum(ROLES) });

export interface Acceptance {
  token: string;
  displayName: string;
  password: string;
}

/** How people come in: an administrator invites an address, and whoever reads its mail chooses a password. */
export class InvitationService {
  constructor(
    private readonly service: DataSource,
    private readonly mail: LinkMail,
    private readonly passwords: PasswordService,
    private readonly sessions: SessionService,
    private readonly now: () => Date,
  ) {}

  /**
   * A new invitation replaces the last one to the same address.
   * @throws BAD_USER_INPUT; CONFLICT for somebody who is here already; SERVICE_UNAVAILABLE when the mail cannot be sent.
   */
  async invite(viewer: Viewer | null, input: { email: string; role: Role }): Promise<Invitation> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const invitedBy = requireSubject(viewer!).name;
    const { email, role } = parseInput(invited, input);
    this.mail.requireMailer();
    const token = newLinkToken();
    const now = this.now();
    const expiresAt = new Date(now.getTime() + LIFETIME_MS);
    const invitation: Invitation = {
      id: randomUUID(),
      organizationId,
      email,
      role,
      tokenHash: linkTokenHash(token),
      invitedBy,
      createdAt: now,
      expiresAt,
      acceptedAt: null,
    };
    const present = await new AccountRepository(this.service.manager).findByEmail(email);
    if (present?.organization.id === organizationId) throw errors.conflict('Somebody with this address is here already.');
    const organization = await this.service.transaction(async (manager) => {
      await withdraw(manager, organizationId, email);
      await manager.insert(Invitation, invitation);
      return manager.findOneByOrFail(Organization, { id: organizationId });
    });
    try {
      const mail = { email, organizationName: organization.name, invitedBy };
      // That the address has an account elsewhere is for its owner to know, not for who invites.
      await (present ? this.mail.invitedElsewhere(mail) : this.mail.invitation({ ...mail, token }));
    } catch (error) {
      await this.service.manager.delete(Invitation, { id: invitation.id });
      throw error;
    }
    return invitation;
  }

  /** @throws LINK_EXPIRED; BAD_USER_INPUT; CONFLICT when the address has got an account meanwhile. */
  async accept({ token, displayName, password }: Acceptance, client: ClientTrace): Promise<IssuedSession> {
    const tokenHash = linkTokenHash(token);
    const pending = await this.pending(this.service.manager, tokenHash);
    const user: User = {
      id: randomUUID(),
      organizationId: pending.organizationId,
      email: pending.email,
      displayName: parseInput(displayNameRule, displayName, 'displayName'),
      role: pending.role,
      active: true,
      mfaEnabled: false,
      lastSeenAt: null,
      createdAt: this.now(),
    };
    const organization = await this.service.manager.findOneByOrFail(Organization, { id: pending.organizationId });
    const account: Account = { user, organization };
    requireGoodPassword('password', password, wordsOf(account));
    try {
      await this.service.transaction(async (manager) => {
        await this.pending(manager, tokenHash);
        await manager.update(Invitation, { id: pending.id }, { acceptedAt: this.now() });
        await manager.insert(User, user);
        await this.passwords.store(manager, account, password);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'app_user_email_key')) throw errors.conflict('This address has an account already: sign in.');
      throw error;
    }
    return this.sessions.begin(account, client);
  }

  async prune(): Promise<void> {
    await this.service.manager.createQueryBuilder().delete().from(Invitation).where('expires_at < :now', { now: this.now() }).execute();
  }

  /** Locks it within a transaction: of two that accept one invitation, one is too late. */
  private async pending(manager: EntityManager, tokenHash: string): Promise<Invitation> {
    const lock = manager.queryRunner?.isTransactionActive ? ({ mode: 'pessimistic_write' } as const) : undefined;
    const invitation = await manager.findOne(Invitation, { where: { tokenHash }, lock });
    if (!invitation || invitation.acceptedAt || invitation.expiresAt <= this.now()) throw usersErrors.linkExpired();
    return invitation;
  }
}

async function withdraw(manager: EntityManager, organizationId: string, email: string): Promise<void> {
  await manager
    .createQueryBuilder()
    .delete()
    .from(Invitation)
    .where('organization_id = :organizationId and lower(email) = lower(:email) and accepted_at is null', { organizationId, email })
    .execute();
}
