import type { Log } from '@pulsegraph/kit/log';
import { LessThan, MoreThan, type DataSource, type EntityManager } from 'typeorm';
import { usersErrors } from '../errors.js';
import type { LinkMail } from '../link/link-mail.js';
import { linkTokenHash, newLinkToken } from '../link/link-token.js';
import { requireGoodPassword } from '../password/password-policy.js';
import { wordsOf, type PasswordService } from '../password/password.service.js';
import type { SessionService } from '../session/session.service.js';
import type { Lockout } from '../sign-in/lockout.js';
import { AccountRepository, type Account } from '../user/account.repository.js';
import { PasswordReset } from './password-reset.entity.js';

const LIFETIME_MS = 3_600_000;
/** Nobody's mailbox is to be filled by who knows the address. */
const MAX_MAILS_PER_HOUR = 3;

export interface ResetDependencies {
  service: DataSource;
  mail: LinkMail;
  passwords: PasswordService;
  sessions: SessionService;
  lockout: Lockout;
  log: Log;
  now: () => Date;
}

/** A new password by mail, for who forgot the old one. The second factor stays. */
export class PasswordResetService {
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly deps: ResetDependencies) {}

  /** Returns at once and says nothing: whether the address has an account shows in its mailbox alone. */
  request(email: string): void {
    const job = this.send(email)
      .catch((error: unknown) => this.deps.log.error({ err: error }, 'A password reset was not sent'))
      .finally(() => this.running.delete(job));
    this.running.add(job);
  }

  /** Ends every session of the person. @throws LINK_EXPIRED; BAD_USER_INPUT at `password`. */
  async reset(token: string, password: string): Promise<Account> {
    const { service, passwords, sessions, lockout, now } = this.deps;
    const tokenHash = linkTokenHash(token);
    const account = await this.accountOf(service.manager, tokenHash);
    requireGoodPassword('password', password, wordsOf(account));
    await service.transaction(async (manager) => {
      await this.accountOf(manager, tokenHash);
      await manager.update(PasswordReset, { userId: account.user.id }, { usedAt: now() });
      await passwords.store(manager, account, password);
    });
    await sessions.endAll(account.user.id, 'PASSWORD_CHANGED');
    await lockout.clear(account.user.email);
    return account;
  }

  /** Resolves when what was requested has been sent or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  async prune(): Promise<void> {
    await this.deps.service.manager.delete(PasswordReset, { expiresAt: LessThan(this.deps.now()) });
  }

  private async send(email: string): Promise<void> {
    const { service, mail, now } = this.deps;
    const account = await new AccountRepository(service.manager).findByEmail(email);
    if (!account?.user.active) return;
    const { id: userId, organizationId } = account.user;
    const since = new Date(now().getTime() - LIFETIME_MS);
    if ((await service.manager.countBy(PasswordReset, { userId, createdAt: MoreThan(since) })) >= MAX_MAILS_PER_HOUR) return;
    const token = newLinkToken();
    const expiresAt = new Date(now().getTime() + LIFETIME_MS);
    await service.manager.insert(PasswordReset, {
      tokenHash: linkTokenHash(token),
      userId,
      organizationId,
      createdAt: now(),
      expiresAt,
      usedAt: null,
    });
    await mail.passwordReset(account.user.email, token);
  }

  /** Locks the link within a transaction: it opens one door once. */
  private async accountOf(manager: EntityManager, tokenHash: string): Promise<Account> {
    const lock = manager.queryRunner?.isTransactionActive ? ({ mode: 'pessimistic_write' } as const) : undefined;
    const link = await manager.findOne(PasswordReset, { where: { tokenHash }, lock });
    const valid = link && !link.usedAt && link.expiresAt > this.deps.now();
    const account = valid ? await new AccountRepository(manager).findById(link.userId) : null;
    if (!account?.user.active) throw usersErrors.linkExpired();
    return account;
  }
}
