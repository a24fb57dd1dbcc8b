import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { REQUEST_ID_HEADER, VIEWER_HEADER, isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors, formatError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { ForgedViewerError, requirePermission, requireSubject } from '@pulsegraph/kit/viewer';
import { Router, type Response } from 'express';
import { z } from 'zod';
import type { ExportRepository } from './export.repository.js';
import { EXPORT_FORMATS } from './formats.js';

export interface ExportRouterOptions {
  repository: ExportRepository;
  projection: RegistryProjection;
  verifyViewer: (header: string | undefined) => Viewer | null;
  log: Log;
}

const STATUS: Readonly<Record<string, number>> = { UNAUTHENTICATED: 401, FORBIDDEN: 403, NOT_FOUND: 404, BAD_USER_INPUT: 400 };
/** A client that takes nothing for so long is gone; what it holds in the database is given up. */
const STALLED_MS = 60_000;

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).getTime());
const query = z
  .object({
    deviceId: z.string(),
    metric: z.string().min(1).max(128),
    from: instant,
    to: instant,
    format: z.enum(['csv', 'json', 'parquet']).default('csv'),
  })
  .refine(({ from, to }) => from < to, { path: ['from'], message: 'must lie before to' });

/** `GET /export/series`: the readings of one series as a file, with the permissions of `Device.series`. */
export function exportRouter({ repository, projection, verifyViewer, log }: ExportRouterOptions): Router {
  const router = Router();
  router.get('/export/series', async (request, response) => {
    const requestId = request.get(REQUEST_ID_HEADER) ?? randomUUID();
    try {
      const viewer = requirePermission(verified(verifyViewer, request.get(VIEWER_HEADER)), 'graph:read');
      requireSubject(viewer);
      const asked = query.safeParse(request.query);
      if (!asked.success) throw errors.badUserInput(asked.error.issues[0]!.path.join('.'), asked.error.issues[0]!.message);
      const { deviceId, metric, from: fromMs, to: toMs, format } = asked.data;
      const { organizationId } = viewer;
      const device = isUuid(deviceId) ? projection.device(deviceId) : undefined;
      if (device?.organizationId !== organizationId) throw errors.notFound('device');
      const kind = (await repository.kindOf(organizationId, deviceId, metric, requestId)) ?? projection.metric(device, metric)?.kind;
      if (!kind) throw errors.notFound('metric');

      const encoder = EXPORT_FORMATS[format].open(kind === 'TEXT');
      response.setHeader('content-type', EXPORT_FORMATS[format].contentType);
      response.setHeader('content-disposition', `attachment; filename="${device.key}-${metric.replace(/[^\w.-]/g, '_')}.${format}"`);
      response.setHeader('cache-control', 'no-store');
      await write(response, encoder.begin());
      const span = { deviceId, metric, fromMs, toMs: Math.min(toMs, Date.now() + 86_400_000) };
      await repository.forEachPart(organizationId, span, requestId, (part) => write(response, encoder.part(part)));
      await write(response, encoder.end());
      response.end();
    } catch (error) {
      fail(response, error, log);
    }
  });
  return router;
}

function verified(verifyViewer: ExportRouterOptions['verifyViewer'], header: string | undefined): Viewer | null {
  try {
    return verifyViewer(header);
  } catch (error) {
    if (error instanceof ForgedViewerError) throw errors.unauthenticated();
    throw error;
  }
}

/** Waits for the client, so that memory holds one part however slow it is. */
async function write(response: Response, bytes: string | Uint8Array): Promise<void> {
  if (response.destroyed) throw new ClientGone();
  if (bytes.length === 0 || response.write(bytes)) return;
  await once(response, 'drain', { signal: AbortSignal.any([closing(response), AbortSignal.timeout(STALLED_MS)]) }).catch(() => {
    throw new ClientGone();
  });
}

function closing(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

class ClientGone extends Error {}

function fail(response: Response, error: unknown, log: Log): void {
  // Half a file must not look like a whole one.
  if (response.headersSent || error instanceof ClientGone) {
    if (!(error instanceof ClientGone)) log.error({ err: error }, 'An export broke off');
    response.destroy();
    return;
  }
  const { message, extensions } = formatError(error, log);
  const code = String(extensions?.code);
  response.status(STATUS[code] ?? 500).json({ error: message, code });
}
