import { requireInternalToken } from '@pulsegraph/kit/http';
import { Router } from 'express';
import type { Engine } from '../operation/engine.js';
import type { LiveEngine } from '../subscriptions/live-engine.js';
import { explainSharing } from '../subscriptions/explain-sharing.js';

export interface DebugRoutesOptions {
  live: LiveEngine;
  engine: Engine;
  /** Without one the routes are open: a gateway without callers' identities listens on loopback only. */
  internalToken?: string;
}

/** For operators: what is live, and why two operations do not share. */
export function debugRoutes({ live, engine, internalToken }: DebugRoutesOptions): Router {
  const router = Router();
  if (internalToken) router.use(requireInternalToken(internalToken));
  router.get('/sharing', (_request, response) => {
    response.json({ ...live.counts, generation: engine.current.generation.id, ...explainSharing(live.describe()) });
  });
  router.get('/subscriptions', (_request, response) => {
    response.json({ open: [...live.openOperations()] });
  });
  return router;
}
