import type { IncomingMessage, ServerResponse } from 'node:http';

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers':
    'authorization, content-type, accept, x-request-id, x-client-name, x-client-version, apollographql-client-name, apollographql-client-version',
  'access-control-max-age': '600',
};

/** Whose pages may talk to us. Whoever sends no Origin is no browser, and carries nothing that a page could abuse. */
export class Origins {
  private readonly allowed: ReadonlySet<string>;

  constructor(publicUrl: string, others: readonly string[] = []) {
    this.allowed = new Set([new URL(publicUrl).origin, ...others.map((url) => new URL(url).origin)]);
  }

  admits({ headers }: IncomingMessage): boolean {
    const { origin } = headers;
    if (origin === undefined) return headers['sec-fetch-site'] !== 'cross-site';
    return this.allowed.has(origin) || hostOf(origin) === headers.host;
  }

  /** @returns True when the request is answered already: a preflight, or one from a page of somebody else. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    if (origin === undefined && request.headers['sec-fetch-site'] === undefined) return false;
    response.setHeader('vary', 'origin');
    if (!this.admits(request)) {
      const body = JSON.stringify({
        errors: [
          { message: 'Pages of this origin may not call this; it must be listed in ALLOWED_ORIGINS.', extensions: { code: 'FORBIDDEN' } },
        ],
      });
      response.writeHead(403, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(body);
      return true;
    }
    if (origin !== undefined && this.allowed.has(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', 'retry-after, x-request-id');
    }
    if (request.method !== 'OPTIONS') return false;
    response.writeHead(204, PREFLIGHT).end();
    return true;
  }
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
