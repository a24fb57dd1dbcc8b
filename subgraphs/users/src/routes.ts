import { requireInternalToken } from '@pulsegraph/kit/http';
import { Router } from 'express';
import type { RevocationFeed } from './revocation/revocation-feed.js';
import { JWKS_MAX_AGE_S, type SigningKeys } from './token/signing-keys.js';

export interface RouteServices {
  keys: SigningKeys;
  feed: RevocationFeed;
  internalToken: string;
}

/** What other processes ask: public keys are for anybody, the feed for those with the internal token. */
export function usersRoutes({ keys, feed, internalToken }: RouteServices): Router {
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
  return router;
}
