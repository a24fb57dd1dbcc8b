import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Sealer } from '@pulsegraph/kit/sealing';
import { IsNull, type DataSource, type EntityManager } from 'typeorm';
import { AccountRepository } from '../user/account.repository.js';
import { User } from '../user/user.entity.js';
import { requirePerson } from '../viewer/require-person.js';
import { newRecoveryCodes, recoveryCodeHash } from './recovery-code.js';
import { RecoveryCode, SecondFactor } from './second-factor.entity.js';
import { matchingStep, newTotpSecret, otpauthUrl } from './totp.js';

const ISSUER = 'Pulsegraph';

export interface Enrollment {
  otpauthUrl: string;
  recoveryCodes: string[];
}

/** One-time passwords of an authenticator app, and codes for the day it is lost. */
export class SecondFactorService {
  constructor(
    private readonly service: DataSource,
    private readonly sealer: Sealer,
    private readonly now: () => Date,
  ) {}

  /**
   * Begins: the person scans the URL, keeps the codes, and shows with `confirm` that the app works. Until then signing in
   * asks for nothing more, and a new enrolment replaces this one.
   * @throws CONFLICT when there is a second factor: it must be given up first, with a one-time password.
   */
  async enroll(viewer: Viewer | null): Promise<Enrollment> {
    const { id: userId } = requirePerson(viewer);
    const secret = newTotpSecret();
    const recoveryCodes = newRecoveryCodes();
    const email = await this.service.transaction(async (manager) => {
      const account = await new AccountRepository(manager).findById(userId);
      if (!account) throw errors.unauthenticated();
      const { organizationId } = account.user;
      if ((await locked(manager, userId))?.confirmedAt) throw errors.conflict('There is a second factor already; disable it first.');
      const sealedSecret = this.sealer.seal(secret.toString('base64'), placeOf(userId));
      await manager.upsert(SecondFactor, { userId, organizationId, sealedSecret, confirmedAt: null, lastStep: '0' }, ['userId']);
      await manager.delete(RecoveryCode, { userId });
      await manager.insert(
        RecoveryCode,
        recoveryCodes.map((code) => ({ userId, organizationId, hash: recoveryCodeHash(code)!, usedAt: null })),
      );
      return account.user.email;
    });
    return { otpauthUrl: otpauthUrl(secret, email, ISSUER), recoveryCodes };
  }

  /** Ends the enrolment: from now on signing in asks for a one-time password. @throws BAD_USER_INPUT at `otp`; CONFLICT. */
  async confirm(viewer: Viewer | null, otp: string): Promise<void> {
    const { id: userId } = requirePerson(viewer);
    await this.service.transaction(async (manager) => {
      const factor = await locked(manager, userId);
      if (!factor || factor.confirmedAt) throw errors.conflict('There is no enrolment to confirm.');
      const step = matchingStep(this.secretOf(factor), otp, this.now(), Number(factor.lastStep));
      if (step === null) throw errors.badUserInput('otp', 'is not what the app should show now');
      await manager.update(SecondFactor, { userId }, { confirmedAt: this.now(), lastStep: String(step) });
      await manager.update(User, { id: userId }, { mfaEnabled: true });
    });
  }

  /** Whether signing in asks this person for more than a password. */
  async isRequired(userId: string): Promise<boolean> {
    const factor = await this.service.manager.findOneBy(SecondFactor, { userId });
    return Boolean(factor?.confirmedAt);
  }

  /** Uses up a one-time password or a recovery code. False for what is wrong or was used before. */
  async use(userId: string, otp: string): Promise<boolean> {
    return this.service.transaction(async (manager) => {
      const factor = await locked(manager, userId);
      if (!factor?.confirmedAt) return false;
      const step = matchingStep(this.secretOf(factor), otp, this.now(), Number(factor.lastStep));
      if (step !== null) {
        await manager.update(SecondFactor, { userId }, { lastStep: String(step) });
        return true;
      }
      const hash = recoveryCodeHash(otp);
      if (!hash) return false;
      const { affected } = await manager.update(RecoveryCode, { userId, hash, usedAt: IsNull() }, { usedAt: this.now() });
      return affected === 1;
    });
  }

  /** Gives it up. The caller has shown password and one-time password. */
  async remove(userId: string): Promise<void> {
    await this.service.transaction((manager) => removeSecondFactor(manager, userId));
  }

  /** After a rotation of DATA_KEY. An enrolment made meanwhile has the newest key already. */
  async resealAll(): Promise<void> {
    for (const factor of await this.service.manager.find(SecondFactor)) {
      const { userId, sealedSecret } = factor;
      if (this.sealer.isCurrent(sealedSecret)) continue;
      const next = this.sealer.seal(this.secretOf(factor).toString('base64'), placeOf(userId));
      await this.service.manager.update(SecondFactor, { userId, sealedSecret }, { sealedSecret: next });
    }
  }

  private secretOf({ sealedSecret, userId }: SecondFactor): Buffer {
    return Buffer.from(this.sealer.open(sealedSecret, placeOf(userId)), 'base64');
  }
}

export async function removeSecondFactor(manager: EntityManager, userId: string): Promise<void> {
  await manager.delete(SecondFactor, { userId });
  await manager.delete(RecoveryCode, { userId });
  await manager.update(User, { id: userId }, { mfaEnabled: false });
}

/** Two sign-ins with one password wait for each other here, and the second finds it used. */
function locked(manager: EntityManager, userId: string): Promise<SecondFactor | null> {
  return manager.findOne(SecondFactor, { where: { userId }, lock: { mode: 'pessimistic_write' } });
}

function placeOf(userId: string): string {
  return `second-factor/${userId}`;
}
