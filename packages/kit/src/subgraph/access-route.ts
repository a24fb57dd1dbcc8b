import { json, Router, type Request } from 'express';
import { z } from 'zod';
import { requireInternalToken } from '../http/index.js';
import { ForgedViewerError } from '../viewer/index.js';
import type { Subgraph, SubgraphRequest } from './subgraph.js';

const accessBody = z.object({ action: z.string(), patientIds: z.array(z.string()) });

/** `POST /internal/audit/access`: 204 once it is on record; the gateway begins no such subscription without. */
export function accessRoute(subgraph: Subgraph, internalToken: string, requestIn: (request: Request) => SubgraphRequest): Router {
  const router = Router();
  router.post('/internal/audit/access', requireInternalToken(internalToken), json({ limit: '64kb' }), async (request, response) => {
    const body = accessBody.safeParse(request.body);
    if (!body.success) {
      response.status(400).json({ error: 'The body must be {"action": "…", "patientIds": […]}.' });
      return;
    }
    try {
      await subgraph.recordAccess!(body.data, requestIn(request));
      response.status(204).end();
    } catch (error) {
      if (!(error instanceof ForgedViewerError)) throw error;
      response.status(401).json({ error: error.message });
    }
  });
  return router;
}
