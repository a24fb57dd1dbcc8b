import { pipeline } from 'node:stream/promises';
import { READING_HISTORY_PATH } from '@pulsegraph/contracts';
import { requireInternalToken } from '@pulsegraph/kit/http';
import type { Log } from '@pulsegraph/kit/log';
import { json, Router } from 'express';
import { z } from 'zod';
import type { ReadingHistory } from './reading-history.js';

const MAX_SERIES = 10_000;
const instant = z.int().nonnegative();
const requestRules = z.object({
  organizationId: z.uuid(),
  series: z.array(z.object({ deviceId: z.uuid(), metric: z.string() })).max(MAX_SERIES),
  fromUs: instant,
  toUs: instant,
});

/** `POST /internal/reading-history`, for the other processes. A stream that breaks off has failed. */
export function readingHistoryRoutes(history: ReadingHistory, internalToken: string, log: Log): Router {
  const router = Router();
  router.post(READING_HISTORY_PATH, requireInternalToken(internalToken), json({ limit: '2mb' }), async (request, response) => {
    const asked = requestRules.safeParse(request.body);
    if (!asked.success) return void response.status(400).json({ error: z.prettifyError(asked.error) });
    response.type('application/octet-stream');
    try {
      await pipeline(history.read(asked.data), response);
    } catch (err) {
      // The reader may have gone away, which is no fault of ours.
      log.warn({ err }, 'A stream of stored readings broke off');
    }
  });
  return router;
}
