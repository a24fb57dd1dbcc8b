import DataLoader from 'dataloader';
import { isUuid } from '@pulsegraph/contracts';
import type { User } from './user.entity.js';
import type { UserService } from './user.service.js';

export type UserLoader = DataLoader<string, User | null>;

/** One per operation: the cache must not outlive its viewer. An id of another organization is null, as one of nobody is. */
export function createUserLoader(users: UserService, organizationId: string | null, requestId: string): UserLoader {
  return new DataLoader(async (ids) => {
    const wanted = ids.filter(isUuid);
    if (organizationId === null || wanted.length === 0) return ids.map(() => null);
    const found = await users.findByIds(organizationId, wanted, requestId);
    const byId = new Map(found.map((user) => [user.id, user]));
    return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
  });
}
