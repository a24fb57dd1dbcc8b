import type { EntityManager } from 'typeorm';
import { Organization } from '../organization/organization.entity.js';
import { UserPassword } from '../password/user-password.entity.js';
import { User } from './user.entity.js';

/** A person as sign-in needs to know them. */
export interface Account {
  user: User;
  organization: Organization;
}

/** The paths that cross organizations, for the service role: by address, before anybody is signed in, and by id. */
export class AccountRepository {
  constructor(private readonly manager: EntityManager) {}

  findByEmail(email: string): Promise<Account | null> {
    return this.find('lower(u.email) = :value', email.trim().toLowerCase());
  }

  findById(id: string): Promise<Account | null> {
    return this.find('u.id = :value', id);
  }

  async passwordHash(userId: string): Promise<string | null> {
    const password = await this.manager.findOneBy(UserPassword, { userId });
    return password?.hash ?? null;
  }

  async setPassword({ id, organizationId }: User, hash: string, at: Date): Promise<void> {
    await this.manager.upsert(UserPassword, { userId: id, organizationId, hash, changedAt: at }, ['userId']);
  }

  async seen(userId: string, at: Date): Promise<void> {
    await this.manager.update(User, { id: userId }, { lastSeenAt: at });
  }

  private async find(condition: string, value: string): Promise<Account | null> {
    const user = await this.manager
      .createQueryBuilder(User, 'u')
      .innerJoinAndSelect('u.organization', 'o')
      .where(condition, { value })
      .getOne();
    return user?.organization ? { user, organization: user.organization } : null;
  }
}
