import { REQUEST_ID_HEADER } from '@pulsegraph/contracts';
import type { RequestHandler } from 'express';
import { inSpan, tracingEnabled } from './span.js';

/** Everything that a request causes stands below the span of whoever sent it. */
export const traceRequests: RequestHandler = (request, response, next) => {
  if (!tracingEnabled()) return next();
  const { method, baseUrl, headers } = request;
  void inSpan(`${method} ${baseUrl}`, { kind: 'server', headers, requestId: request.get(REQUEST_ID_HEADER) }, () => {
    const over = new Promise<void>((resolve) => response.once('close', () => resolve()));
    next();
    return over;
  });
};
