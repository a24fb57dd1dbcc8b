import { REQUEST_ID_HEADER, type Viewer } from '@pulsegraph/contracts';
import { DomainError, parseInput } from '@pulsegraph/kit/errors';
import { Router, json, type ErrorRequestHandler, type Request, type Response } from 'express';
import type { GraphQLFormattedError } from 'graphql';
import { z } from 'zod';
import type { Identity } from '../identity/identity.js';
import { asErrors } from '../operation/client-errors.js';
import type { Caller, Engine } from '../operation/engine.js';
import { requestIdOf, type ClientOrigin } from './client-origin.js';

export interface AuthRoutesOptions {
  engine: Engine;
  identity: Identity;
  /** Where browsers reach us; decides the cookie's `Secure` and which origins may call. */
  publicUrl: string;
  originOf: (request: Request) => ClientOrigin;
}

export const REFRESH_COOKIE = 'pulsegraph_refresh';
/** The cookie may outlive the session; the session's own end is what counts. */
const COOKIE_SECONDS = 30 * 24 * 3_600;
const MAX_BODY = '16kb';

const SESSION = `accessToken accessTokenExpiresAt refreshToken viewer { role permissions user { id email displayName } organization { id key name timeZone } }`;
const SIGN_IN = `mutation SignIn($email: String!, $password: String!, $otp: String) { session: signIn(email: $email, password: $password, otp: $otp) { ${SESSION} } }`;
const REFRESH = `mutation RefreshSession($refreshToken: String!) { session: refreshSession(refreshToken: $refreshToken) { ${SESSION} } }`;
const SIGN_OUT = `mutation SignOut($everywhere: Boolean) { signOut(everywhere: $everywhere) }`;

const signInInput = z.object({
  email: z.string().min(1).max(320),
  password: z.string().min(1).max(1_024),
  otp: z.string().max(32).optional(),
});
const signOutInput = z.object({ everywhere: z.boolean().default(false) });

interface Session {
  accessToken: string;
  accessTokenExpiresAt: string;
  refreshToken: string;
  viewer: unknown;
}

class Refused extends Error {
  constructor(readonly errors: readonly GraphQLFormattedError[]) {
    super(errors[0]?.message);
  }
}

/**
 * Sign-in for browsers: the refresh token stays in a cookie that scripts cannot read, the access token lives in memory.
 * Everything else is the users subgraph's own mutations.
 */
export function authRoutes({ engine, identity, publicUrl, originOf }: AuthRoutesOptions): Router {
  const router = Router();
  const secure = publicUrl.startsWith('https:');
  const ownOrigin = new URL(publicUrl).origin;
  const cookie = { httpOnly: true, sameSite: 'strict', path: '/auth', secure } as const;
  /** Two tabs that wake up at once send the same refresh token, which works only once: they share the answer. */
  const refreshing = new Map<string, Promise<Session>>();

  const callerOf = (request: Request, viewer: Viewer | null = null): Caller => ({
    viewer,
    requestId: requestIdOf(request),
    ...originOf(request),
  });

  async function mutate<T>(query: string, variables: Record<string, unknown>, caller: Caller): Promise<T> {
    const { data, errors } = await engine.answer({ query, variables }, caller);
    if (errors && errors.length > 0) throw new Refused(errors);
    return data as T;
  }

  function refresh(token: string, caller: Caller): Promise<Session> {
    let running = refreshing.get(token);
    if (!running) {
      running = mutate<{ session: Session }>(REFRESH, { refreshToken: token }, caller)
        .then(({ session }) => session)
        .finally(() => refreshing.delete(token));
      refreshing.set(token, running);
    }
    return running;
  }

  function give(response: Response, { refreshToken, ...session }: Session): void {
    response.cookie(REFRESH_COOKIE, refreshToken, { ...cookie, maxAge: COOKIE_SECONDS * 1_000 });
    response.set('cache-control', 'no-store').json(session);
  }

  router.use((request, response, next) => {
    response.set(REQUEST_ID_HEADER, requestIdOf(request));
    if (request.method !== 'POST')
      return fail(response.set('allow', 'POST'), 405, asErrors(new DomainError('BAD_USER_INPUT', 'Use POST.', { path: 'method' })));
    if (!isOwnPage(request, ownOrigin))
      return fail(response, 403, asErrors(new DomainError('FORBIDDEN', 'Only the dashboard itself may call this.')));
    if (!request.is('application/json'))
      return fail(response, 415, asErrors(new DomainError('BAD_USER_INPUT', 'Send application/json.', { path: 'content-type' })));
    next();
  });
  router.use(json({ limit: MAX_BODY, strict: true }));

  router.post('/sign-in', async (request, response) => {
    const input = parseInput(signInInput, request.body);
    const { session } = await mutate<{ session: Session }>(SIGN_IN, input, callerOf(request));
    give(response, session);
  });

  router.post('/refresh', async (request, response) => {
    const token = refreshTokenOf(request);
    if (!token) throw new DomainError('UNAUTHENTICATED', 'Sign in to do this.');
    try {
      give(response, await refresh(token, callerOf(request)));
    } catch (error) {
      // A cookie that will never work again is taken back; one that could not be checked is not.
      if (error instanceof Refused && statusOf(error.errors) === 401) response.clearCookie(REFRESH_COOKIE, cookie);
      throw error;
    }
  });

  router.post('/sign-out', async (request, response) => {
    const { everywhere } = parseInput(signOutInput, request.body ?? {});
    response.clearCookie(REFRESH_COOKIE, cookie);
    const viewer = await viewerOf(request);
    if (viewer) await mutate(SIGN_OUT, { everywhere }, callerOf(request, viewer));
    response.set('cache-control', 'no-store').json({ signedOut: true });
  });

  /** By the access token; when that is over, by what the cookie still buys. */
  async function viewerOf(request: Request): Promise<Viewer | null> {
    try {
      const credential = await identity.authenticate(request.headers.authorization);
      if (credential) return credential.viewer;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'SERVICE_UNAVAILABLE') throw error;
    }
    const token = refreshTokenOf(request);
    if (!token) return null;
    try {
      const { accessToken } = await refresh(token, callerOf(request));
      return (await identity.authenticate(`Bearer ${accessToken}`))?.viewer ?? null;
    } catch (error) {
      // A session that is over is signed out.
      if (error instanceof Refused && statusOf(error.errors) === 401) return null;
      throw error;
    }
  }

  const onError: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const badBody = (error as { type?: unknown }).type !== undefined && (error as { status?: number }).status;
    const errors =
      error instanceof Refused
        ? error.errors
        : badBody
          ? asErrors(
              new DomainError(
                badBody === 413 ? 'PAYLOAD_TOO_LARGE' : 'BAD_USER_INPUT',
                'The body is not usable JSON.',
                badBody === 413 ? { limit: 'body', allowed: 16_384 } : { path: 'body' },
              ),
            )
          : engine.refusal(error, callerOf(request));
    fail(response, typeof badBody === 'number' ? badBody : statusOf(errors), errors);
  };
  router.use(onError);
  return router;
}

/** Browsers say where a request comes from; a request of no browser carries no cookie that somebody else could use. */
function isOwnPage(request: Request, ownOrigin: string): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = request.get('origin');
  return origin === undefined || origin === ownOrigin || hostOf(origin) === request.get('host');
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

function refreshTokenOf(request: Request): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === REFRESH_COOKIE && value) return decodeURIComponent(value);
  }
  return undefined;
}

const STATUS: Record<string, number> = {
  INVALID_CREDENTIALS: 401,
  MFA_REQUIRED: 401,
  UNAUTHENTICATED: 401,
  SESSION_EXPIRED: 401,
  FORBIDDEN: 403,
  BAD_USER_INPUT: 400,
  ACCOUNT_LOCKED: 429,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};

function statusOf(errors: readonly GraphQLFormattedError[]): number {
  return STATUS[String(errors[0]?.extensions?.code)] ?? 500;
}

function fail(response: Response, status: number, errors: readonly GraphQLFormattedError[]): void {
  const retryAfterMs = errors[0]?.extensions?.retryAfterMs;
  if (typeof retryAfterMs === 'number') response.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  response.status(status).set('cache-control', 'no-store').json({ errors });
}
