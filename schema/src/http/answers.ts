import { DomainError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import type { ErrorRequestHandler } from 'express';

const STATUS: Record<string, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  STALE_BASE: 409,
  CONFLICT: 409,
  BAD_USER_INPUT: 400,
  COMPOSITION_FAILED: 422,
  BREAKING_CHANGE: 422,
  SERVICE_UNAVAILABLE: 503,
};

/** Every refusal as `{"error":{"code","message","details"}}`. */
export function errorAnswers(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof DomainError)
      return void response
        .status(STATUS[error.code] ?? 500)
        .json({ error: { code: error.code, message: error.message, details: error.details } });
    const status = statusOfParser(error);
    if (status !== null) {
      const message = status === 413 ? 'The request is larger than the registry takes.' : 'The request is not JSON.';
      return void response
        .status(status)
        .json({ error: { code: status === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_USER_INPUT', message, details: {} } });
    }
    log.error({ err: error }, 'Unexpected fault in the registry');
    response
      .status(500)
      .json({ error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong in the registry; its log says what.', details: {} } });
  };
}

/** What express.json throws. */
function statusOfParser(error: unknown): 400 | 413 | null {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return 413;
  return typeof type === 'string' && /^(entity\.|encoding\.|charset\.|request\.)/.test(type) ? 400 : null;
}
