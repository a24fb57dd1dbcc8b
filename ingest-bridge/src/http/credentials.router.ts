import { requireInternalToken } from '@pulsegraph/kit/http';
import type { Log } from '@pulsegraph/kit/log';
import express, { type Router } from 'express';
import { z } from 'zod';
import { EdgeError, type Edge } from '../provisioning/edge.js';

const newCredential = z.object({
  username: z.string().min(3).max(128),
  token: z.string().min(16).max(256),
  organizationId: z.uuid(),
  deviceId: z.uuid(),
  revision: z.int().nonnegative(),
  graceMs: z.number().nonnegative().optional(),
});

/** `/internal/credentials`: how the devices subgraph hands a new token to the edge. With the internal token only. */
export function credentialsRouter(edge: Edge, internalToken: string, log: Log): Router {
  const router = express.Router();
  router.use('/internal/credentials', requireInternalToken(internalToken));

  router.post('/internal/credentials', express.json({ limit: '16kb' }), async (request, response) => {
    const body = newCredential.safeParse(request.body);
    if (!body.success) {
      const fields = body.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      return void response.status(400).json({ error: fields.join('; ') });
    }
    await answer(response, () => edge.accept(body.data));
  });

  router.delete('/internal/credentials/:username', async (request, response) => {
    await answer(response, () => edge.revoke(request.params.username));
  });

  const answer = async (response: express.Response, work: () => Promise<void>) => {
    try {
      await work();
      response.status(204).end();
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error;
      log.warn({ err: error }, 'The edge could not be told of a credential');
      response.status(503).json({ error: error.message });
    }
  };
  return router;
}
