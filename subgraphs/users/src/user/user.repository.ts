import type { Role } from '@pulsegraph/contracts';
import type { Keyset } from '@pulsegraph/kit/pagination';
import { In, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { User } from './user.entity.js';

export interface UserFilter {
  search?: string | null;
  role?: Role | null;
}

/** A user with the value its list is sorted by, as the database computes it. */
export interface ListedUser {
  user: User;
  sortKey: string;
}

/** Sees what the manager's scope lets it see. */
export class UserRepository {
  constructor(private readonly manager: EntityManager) {}

  findByIds(ids: readonly string[]): Promise<User[]> {
    return this.manager.findBy(User, { id: In([...ids]) });
  }

  findById(id: string): Promise<User | null> {
    return this.manager.findOneBy(User, { id });
  }

  /** By name, `limit` at most, after the keyset [sortKey, id]. */
  async list(filter: UserFilter, after: Keyset | null, limit: number): Promise<ListedUser[]> {
    const query = this.filtered(filter).addSelect('lower(u.display_name)', 'sort_key').orderBy('sort_key').addOrderBy('u.id').limit(limit);
    if (after) query.andWhere('(lower(u.display_name), u.id) > (:afterKey, :afterId)', { afterKey: after[0], afterId: after[1] });
    const { entities, raw } = await query.getRawAndEntities<{ sort_key: string }>();
    return entities.map((user, index) => ({ user, sortKey: raw[index]!.sort_key }));
  }

  count(filter: UserFilter): Promise<number> {
    return this.filtered(filter).getCount();
  }

  private filtered({ search, role }: UserFilter): SelectQueryBuilder<User> {
    const query = this.manager.createQueryBuilder(User, 'u').where('true');
    if (role) query.andWhere('u.role = :role', { role });
    if (search) {
      const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`;
      query.andWhere('(u.display_name ilike :pattern or u.email ilike :pattern)', { pattern });
    }
    return query;
  }
}
