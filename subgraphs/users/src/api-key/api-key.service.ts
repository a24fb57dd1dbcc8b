import { randomUUID } from 'node:crypto';
import { isUuid, ROLES, type ApiKeyVerification, type Role, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { parsePage, toConnection, type Keyset } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import { requirePermission, requireSubject } from '@pulsegraph/kit/viewer';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { Organization } from '../organization/organization.entity.js';
import type { RevocationFeed } from '../revocation/revocation-feed.js';
import { displayName } from '../user/display-name.js';
import { apiKeyHash, apiKeyPrefix, newApiKeySecret } from './api-key-secret.js';
import { ApiKey, type ApiKeyConnection, type CreatedApiKey } from './api-key.entity.js';

/** A busy key would write a row per request otherwise. */
const LAST_USED_EVERY_MS = 60_000;

export interface ApiKeyWish {
  name: string;
  role: Role;
  expiresAt?: Date | null;
}

/** Keys with which programs ask, in a role and for a time. */
export class ApiKeyService {
  constructor(
    private readonly api: DataSource,
    private readonly service: DataSource,
    private readonly feed: RevocationFeed,
    private readonly now: () => Date,
  ) {}

  /** @throws BAD_USER_INPUT. */
  async create(viewer: Viewer | null, wish: ApiKeyWish): Promise<CreatedApiKey> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const createdBy = requireSubject(viewer!).name;
    const now = this.now();
    const rules = z.object({
      name: displayName,
      role: z.enum(ROLES),
      expiresAt: z.date().min(now, 'must lie in the future').nullish(),
    });
    const { name, role, expiresAt } = parseInput(rules, wish);
    const secret = newApiKeySecret();
    const apiKey: ApiKey = {
      id: randomUUID(),
      organizationId,
      name,
      prefix: apiKeyPrefix(secret),
      hash: apiKeyHash(secret),
      role,
      createdBy,
      createdAt: now,
      expiresAt: expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
    };
    await this.service.manager.insert(ApiKey, apiKey);
    return { apiKey, secret };
  }

  /** Newest first, those that no longer work included. @throws BAD_USER_INPUT at `first` or `after`. */
  async list(viewer: Viewer | null, first: number, after: string | null | undefined, requestId: string): Promise<ApiKeyConnection> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    const page = parsePage(first, after);
    const [createdAt, id] = keysetOf(page.after);
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const query = manager
          .createQueryBuilder(ApiKey, 'k')
          .orderBy('k.createdAt', 'DESC')
          .addOrderBy('k.id', 'DESC')
          .limit(page.first + 1);
        if (page.after) query.where('(k.created_at, k.id) < (:createdAt, :id)', { createdAt, id });
        return toConnection(await query.getMany(), page, (key): Keyset => [key.createdAt.toISOString(), key.id]);
      },
      requestId,
    );
  }

  /** At once, wherever it is in use; again is no mistake. @throws NOT_FOUND. */
  async revoke(viewer: Viewer | null, id: string): Promise<ApiKey> {
    const { organizationId } = requirePermission(viewer, 'users:manage');
    return this.feed.revoking(async (manager, revoke) => {
      const lock = { mode: 'pessimistic_write' } as const;
      const key = isUuid(id) ? await manager.findOne(ApiKey, { where: { id, organizationId }, lock }) : null;
      if (!key) throw errors.notFound('API key');
      if (key.revokedAt) return key;
      const revokedAt = this.now();
      await manager.update(ApiKey, { id }, { revokedAt });
      revoke({ organizationId, kind: 'api-key', subjectId: id });
      return { ...key, revokedAt };
    });
  }

  /** Whom a secret names; null for one that is unknown, revoked or over. */
  async verify(secret: string): Promise<ApiKeyVerification | null> {
    const now = this.now();
    const key = await this.service.manager.findOneBy(ApiKey, { hash: apiKeyHash(secret) });
    if (!key || key.revokedAt || (key.expiresAt && key.expiresAt <= now)) return null;
    const organization = await this.service.manager.findOneByOrFail(Organization, { id: key.organizationId });
    if (!key.lastUsedAt || now.getTime() - key.lastUsedAt.getTime() >= LAST_USED_EVERY_MS) {
      await this.service.manager.update(ApiKey, { id: key.id }, { lastUsedAt: now });
    }
    return {
      viewer: {
        organizationId: organization.id,
        organizationKey: organization.key,
        role: key.role,
        subject: { kind: 'API_KEY', id: key.id, name: key.name, sessionId: null },
      },
      expiresAtMs: key.expiresAt?.getTime() ?? null,
    };
  }
}

/** A cursor of another list must be the caller's mistake, not a fault of the database. */
function keysetOf(after: Keyset | null): [string, string] | [] {
  if (!after) return [];
  const [createdAt, id] = after;
  const valid = after.length === 2 && typeof createdAt === 'string' && !Number.isNaN(Date.parse(createdAt));
  if (!valid || typeof id !== 'string' || !isUuid(id)) throw errors.badUserInput('after', 'is no cursor of this list');
  return [createdAt, id];
}
