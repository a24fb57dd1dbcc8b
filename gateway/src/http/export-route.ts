import { request as requestOverHttp, type IncomingMessage } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { REQUEST_ID_HEADER, VIEWER_HEADER, type Viewer } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import { Router, type Response } from 'express';
import type { Identity } from '../identity/identity.js';
import { requestIdOf } from './client-origin.js';

export interface ExportRouteOptions {
  identity: Identity;
  signViewer: (viewer: Viewer) => string;
  /** In this process, or its URL. */
  telemetry: Subgraph | string;
}

/** `GET /export/series`: passed on with a signed viewer; telemetry decides, and streams. */
export function exportRoute({ identity, signViewer, telemetry }: ExportRouteOptions): Router {
  const router = Router();
  router.get('/series', async (request, response, next) => {
    try {
      const credential = await identity.authenticate(request.headers.authorization);
      if (!credential) throw new DomainError('UNAUTHENTICATED', 'Sign in to do this.');
      const headers = { [VIEWER_HEADER]: signViewer(credential.viewer), [REQUEST_ID_HEADER]: requestIdOf(request) };
      if (typeof telemetry === 'string') return await forward(new URL(request.originalUrl, telemetry), headers, response);
      Object.assign(request.headers, headers);
      request.url = request.originalUrl;
      telemetry.routes!(request, response, next);
    } catch (error) {
      const code = error instanceof DomainError ? error.code : 'SERVICE_UNAVAILABLE';
      const message = error instanceof DomainError ? error.message : 'The telemetry service cannot be reached.';
      if (response.headersSent) response.destroy();
      else response.status(code === 'UNAUTHENTICATED' ? 401 : 503).json({ error: message, code });
    }
  });
  return router;
}

async function forward(url: URL, headers: Record<string, string>, response: Response): Promise<void> {
  const request = (url.protocol === 'https:' ? requestOverTls : requestOverHttp)(url, { headers });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end();
  });
  response.status(answer.statusCode ?? 502);
  for (const name of ['content-type', 'content-disposition', 'cache-control']) {
    const value = answer.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  await pipeline(answer, response);
}
