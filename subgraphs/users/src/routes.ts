import { isUuid, type ApiKeyQuestion, type ContactQuestion } from '@pulsegraph/contracts';
import type { AuditSink } from '@pulsegraph/kit/audit';
import { requireInternalToken } from '@pulsegraph/kit/http';
import { json, Router } from 'express';
import { auditRoutes } from './audit/audit.routes.js';
import type { ApiKeyService } from './api-key/api-key.service.js';
import type { RevocationFeed } from './revocation/revocation-feed.js';
import { JWKS_MAX_AGE_S, type SigningKeys } from './token/signing-keys.js';
import type { UserService } from './user/user.service.js';

export interface RouteServices {
  keys: SigningKeys;
  feed: RevocationFeed;
  apiKeys: ApiKeyService;
  auditTrail: AuditSink;
  users: Pick<UserService, 'contactsOf'>;
  internalToken: string;
}

/** What other processes ask: public keys are for anybody, the feed for those with the internal token. */
export function usersRoutes({ keys, feed, apiKeys, auditTrail, users, internalToken }: RouteServices): Router {
  const router = Router();
  router.get('/.well-known/jwks.json', async (_request, response) => {
    response.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE_S}`).json(await keys.jwks());
  });
  router.get('/internal/revocations', requireInternalToken(internalToken), async (request, response) => {
    const since = Number(request.query.since ?? 0);
    if (!Number.isSafeInteger(since) || since < 0) {
      response.status(400).json({ error: 'since must be a revision: a whole number from 0.' });
      return;
    }
    response.json(await feed.fetch(since));
  });
  router.post('/internal/api-keys/verify', requireInternalToken(internalToken), json({ limit: '4kb' }), async (request, response) => {
    const { key } = (request.body ?? {}) as Partial<ApiKeyQuestion>;
    if (typeof key !== 'string') {
      response.status(400).json({ error: 'The body must be {"key": "pgk_…"}.' });
      return;
    }
    const verification = await apiKeys.verify(key);
    if (verification) response.json(verification);
    else response.status(404).json({ error: 'This key is unknown, revoked or over.' });
  });
  router.post('/internal/contacts', requireInternalToken(internalToken), json({ limit: '64kb' }), async (request, response) => {
    const { organizationId, userIds } = (request.body ?? {}) as Partial<ContactQuestion>;
    if (typeof organizationId !== 'string' || !isUuid(organizationId) || !Array.isArray(userIds)) {
      response.status(400).json({ error: 'The body must be {"organizationId": "…", "userIds": ["…"]}.' });
      return;
    }
    response.json(
      await users.contactsOf(
        organizationId,
        userIds.filter((id) => typeof id === 'string'),
      ),
    );
  });
  router.use(auditRoutes(auditTrail, internalToken));
  return router;
}
