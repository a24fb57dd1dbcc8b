import { isUuid, type Contact, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { parsePage, toConnection, type Connection, type Keyset, type Page } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import { requirePermission } from '@pulsegraph/kit/viewer';
import type { DataSource } from 'typeorm';
import type { User } from './user.entity.js';
import { UserRepository, type UserFilter } from './user.repository.js';

export interface UserQuery extends UserFilter {
  /** Default 50. */
  first?: number | null;
  after?: string | null;
}

export type UserPage = Pick<Connection<User>, 'nodes' | 'pageInfo'> & { totalCount: number };

/** People of an organization, for those who manage them. */
export class UserService {
  /** @param api Connects as the api role: row-level security decides what there is to see. */
  constructor(private readonly api: DataSource) {}

  findByIds(organizationId: string, ids: readonly string[], requestId: string): Promise<User[]> {
    return inOrganization(this.api, organizationId, (manager) => new UserRepository(manager).findByIds(ids), requestId);
  }

  /** Where active people of the organization can be reached; whoever else was asked for is not in the answer. */
  async contactsOf(organizationId: string, ids: readonly string[]): Promise<Contact[]> {
    const found = await this.findByIds(organizationId, ids.filter(isUuid), 'contacts');
    return found.filter(({ active }) => active).map(({ id, displayName, email }) => ({ id, name: displayName, email }));
  }

  /** @throws NOT_FOUND, for another organization's user too. */
  async get(viewer: Viewer | null, id: string, requestId: string): Promise<User> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const [user] = isUuid(id) ? await this.findByIds(organizationId, [id], requestId) : [];
    if (!user) throw errors.notFound('user');
    return user;
  }

  /** By name. `search` looks into name and address. */
  async list(viewer: Viewer | null, { first, after, search, role }: UserQuery, requestId: string): Promise<UserPage> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const page = parsePage(first ?? 50, after);
    requireUserKeyset(page);
    const filter = { search: search?.trim(), role };
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const users = new UserRepository(manager);
        const rows = await users.list(filter, page.after, page.first + 1);
        const connection = toConnection(rows, page, ({ sortKey, user }): Keyset => [sortKey, user.id]);
        return {
          nodes: connection.nodes.map(({ user }) => user),
          pageInfo: connection.pageInfo,
          totalCount: await users.count(filter),
        };
      },
      requestId,
    );
  }
}

/** A cursor of another list must be the caller's mistake, not a fault of the database. */
function requireUserKeyset({ after }: Page): void {
  if (!after) return;
  const [sortKey, id] = after;
  if (after.length !== 2 || typeof sortKey !== 'string' || typeof id !== 'string' || !isUuid(id)) {
    throw errors.badUserInput('after', 'is no cursor of this list');
  }
}
