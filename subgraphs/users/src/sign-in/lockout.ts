import { createHash } from 'node:crypto';
import { LessThan, type DataSource, type EntityManager } from 'typeorm';
import { SignInAttempt } from './sign-in-attempt.entity.js';

/** So many failures in a row are free; from then on each doubles the pause. */
const FREE_FAILURES = 5;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** Without a failure for this long the count starts again. */
const FORGET_AFTER_MS = 24 * 3_600_000;

export type Admission = { admitted: true } | { admitted: false; retryAfterMs: number };

/** How long an address must pause after its n-th failure in a row. */
export function pauseMs(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - FREE_FAILURES, 20), LONGEST_PAUSE_MS);
}

export function identityOf(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('hex');
}

/**
 * Failed sign-ins per address, kept in Postgres so that every process counts the same. An attempt is booked as failed
 * before the password is looked at: a burst of parallel guesses gets no more tries than one after another would.
 */
export class Lockout {
  constructor(
    private readonly service: DataSource,
    private readonly now: () => Date,
  ) {}

  book(email: string): Promise<Admission> {
    const identity = identityOf(email);
    const now = this.now();
    return this.service.transaction(async (manager) => {
      const attempt = await lockedAttempt(manager, identity, now);
      if (attempt.lockedUntil && attempt.lockedUntil > now) {
        return { admitted: false, retryAfterMs: attempt.lockedUntil.getTime() - now.getTime() };
      }
      const stale = now.getTime() - attempt.lastAt.getTime() > FORGET_AFTER_MS;
      const failures = (stale ? 0 : attempt.failures) + 1;
      const pause = pauseMs(failures);
      await manager.update(
        SignInAttempt,
        { identity },
        {
          failures,
          lastAt: now,
          lockedUntil: pause > 0 ? new Date(now.getTime() + pause) : null,
        },
      );
      return { admitted: true };
    });
  }

  /** Takes a booking back: the attempt was neither right nor wrong. */
  async release(email: string): Promise<void> {
    const identity = identityOf(email);
    await this.service.transaction(async (manager) => {
      const attempt = await manager.findOne(SignInAttempt, { where: { identity }, lock: { mode: 'pessimistic_write' } });
      if (!attempt) return;
      await manager.update(SignInAttempt, { identity }, { failures: Math.max(attempt.failures - 1, 0), lockedUntil: null });
    });
  }

  /** After a success: the count starts again. */
  async clear(email: string): Promise<void> {
    await this.service.manager.delete(SignInAttempt, { identity: identityOf(email) });
  }

  async prune(): Promise<void> {
    await this.service.manager.delete(SignInAttempt, { lastAt: LessThan(new Date(this.now().getTime() - FORGET_AFTER_MS)) });
  }
}

async function lockedAttempt(manager: EntityManager, identity: string, now: Date): Promise<SignInAttempt> {
  await manager
    .createQueryBuilder()
    .insert()
    .into(SignInAttempt)
    .values({ identity, failures: 0, lastAt: now, lockedUntil: null })
    .orIgnore()
    .execute();
  return manager.findOneOrFail(SignInAttempt, { where: { identity }, lock: { mode: 'pessimistic_write' } });
}
