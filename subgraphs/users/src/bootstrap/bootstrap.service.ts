import { randomUUID } from 'node:crypto';
import { ORGANIZATION_KEY, type Role } from '@pulsegraph/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { Organization } from '../organization/organization.entity.js';
import type { PasswordHasher } from '../password/password-hasher.js';
import { AccountRepository } from '../user/account.repository.js';
import { User } from '../user/user.entity.js';

export const DEMO_ORGANIZATION = { key: 'demo', name: 'Demo' } as const;

/** One per role; also what `npm start` prints. */
export const DEMO_ACCOUNTS: readonly { email: string; displayName: string; role: Role }[] = [
  { email: 'admin@demo.test', displayName: 'Ada Admin', role: 'ADMIN' },
  { email: 'engineer@demo.test', displayName: 'Erik Engineer', role: 'ENGINEER' },
  { email: 'operator@demo.test', displayName: 'Olga Operator', role: 'OPERATOR' },
  { email: 'clinician@demo.test', displayName: 'Clara Clinician', role: 'CLINICIAN' },
  { email: 'viewer@demo.test', displayName: 'Victor Viewer', role: 'VIEWER' },
];

export interface FirstAdmin {
  email: string;
  password: string;
  organizationKey: string;
  organizationName: string;
}

export interface EnsuredOrganization {
  organizationId: string;
  organizationKey: string;
}

/** What a platform needs before anybody can sign in. Safe to repeat at every start and from several processes. */
export class BootstrapService {
  constructor(
    private readonly service: DataSource,
    private readonly passwords: PasswordHasher,
    private readonly now: () => Date,
  ) {}

  /** The organization `demo` with an account per role, all with this password, also if it was another before. */
  ensureDemoOrganization({ password }: { password: string }): Promise<EnsuredOrganization> {
    return this.exclusively(async (manager) => {
      const organization = await ensureOrganization(manager, DEMO_ORGANIZATION);
      for (const account of DEMO_ACCOUNTS) {
        const user = await this.ensureUser(manager, organization, account);
        await this.ensurePassword(manager, user, password);
      }
      return { organizationId: organization.id, organizationKey: organization.key };
    });
  }

  /**
   * The first administrator of an organization. Somebody who is there already keeps password and role: this opens the
   * platform once and is no way around its administrators.
   */
  ensureFirstAdmin({ email, password, organizationKey, organizationName }: FirstAdmin): Promise<EnsuredOrganization> {
    if (!ORGANIZATION_KEY.test(organizationKey)) {
      throw new Error(`The organization key "${organizationKey}" is no slug of lower-case letters, digits and inner hyphens.`);
    }
    return this.exclusively(async (manager) => {
      const organization = await ensureOrganization(manager, { key: organizationKey, name: organizationName });
      const administrators = await manager.countBy(User, { organizationId: organization.id, role: 'ADMIN' });
      if (administrators === 0) {
        const user = await this.ensureUser(manager, organization, { email, displayName: email.split('@')[0]!, role: 'ADMIN' });
        await this.ensurePassword(manager, user, password);
      }
      return { organizationId: organization.id, organizationKey: organization.key };
    });
  }

  private async ensureUser(
    manager: EntityManager,
    organization: Organization,
    account: { email: string; displayName: string; role: Role },
  ): Promise<User> {
    const present = await new AccountRepository(manager).findByEmail(account.email);
    if (present && present.organization.id !== organization.id) {
      throw new Error(`The address ${account.email} belongs to an account of another organization.`);
    }
    if (present) return present.user;
    return manager.save(
      manager.create(User, { ...account, id: randomUUID(), organizationId: organization.id, active: true, createdAt: this.now() }),
    );
  }

  private async ensurePassword(manager: EntityManager, user: User, password: string): Promise<void> {
    const accounts = new AccountRepository(manager);
    const stored = await accounts.passwordHash(user.id);
    // Hashing anew at every start would only cost time; a hash that fits stays.
    if (stored && (await this.passwords.verify(stored, password))) return;
    await accounts.setPassword(user, await this.passwords.hash(password), this.now());
  }

  private exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.service.transaction(async (manager) => {
      await manager.query(`select pg_advisory_xact_lock(hashtext('users.bootstrap'))`);
      return work(manager);
    });
  }
}

async function ensureOrganization(manager: EntityManager, { key, name }: { key: string; name: string }): Promise<Organization> {
  const present = await manager.findOneBy(Organization, { key });
  if (present) return present;
  await manager.insert(Organization, { id: randomUUID(), key, name });
  return manager.findOneByOrFail(Organization, { key });
}
