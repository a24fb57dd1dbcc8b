import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** True for `Authorization: Bearer <internal token>`, in constant time. */
export function isInternal(authorization: string | undefined, internalToken: string): boolean {
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(internalToken));
}

/** Service-to-service routes: 401 for anybody without the token. */
export function requireInternalToken(internalToken: string): RequestHandler {
  return (request, response, next) => {
    if (isInternal(request.headers.authorization, internalToken)) next();
    else response.status(401).json({ error: 'This route needs the internal token.' });
  };
}
