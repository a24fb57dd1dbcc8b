import type { SessionViewerFragment } from './session.generated';
import { RequestFailed, type Fault } from './faults';

export interface SessionGrant {
  accessToken: string;
  accessTokenExpiresAt: string;
  viewer: SessionViewerFragment;
}

export interface SessionAnswer {
  grant: SessionGrant;
  /** The server's clock when it answered, ms since 1970; null when it did not say. */
  serverNowMs: number | null;
}

/**
 * The gateway's browser routes. The refresh token travels in an HttpOnly cookie that no script sees.
 * Throws `RequestFailed` with the platform's code, or with SERVICE_UNAVAILABLE when nobody answered.
 */
async function post(path: string, body?: unknown): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
  } catch (cause) {
    throw new RequestFailed([{ code: 'SERVICE_UNAVAILABLE', message: 'No answer.' }], { cause });
  }
  if (!response.ok) throw new RequestFailed(await faultsOf(response));
  return response;
}

interface ErrorBody {
  code?: string;
  message?: string;
  extensions?: Record<string, unknown>;
}

async function faultsOf(response: Response): Promise<Fault[]> {
  const body = (await response.json().catch(() => null)) as (ErrorBody & { errors?: ErrorBody[]; error?: ErrorBody }) | null;
  const errors = body?.errors ?? (body?.error ? [body.error] : body?.code ? [body] : []);
  const faults = errors.map((error) => ({
    code: error.code ?? String(error.extensions?.['code'] ?? 'INTERNAL_SERVER_ERROR'),
    message: error.message ?? '',
    details: { ...error, ...error.extensions },
  }));
  if (faults.length > 0) return faults;
  return [{ code: CODE_BY_STATUS[response.status] ?? 'SERVICE_UNAVAILABLE', message: `HTTP ${response.status}` }];
}

const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  429: 'RATE_LIMITED',
};

async function grantFrom(response: Response): Promise<SessionAnswer> {
  const date = Date.parse(response.headers.get('date') ?? '');
  return { grant: (await response.json()) as SessionGrant, serverNowMs: Number.isNaN(date) ? null : date };
}

export const sessionApi = {
  signIn: async (email: string, password: string, otp?: string): Promise<SessionAnswer> =>
    grantFrom(await post('/auth/sign-in', { email, password, otp })),
  refresh: async (): Promise<SessionAnswer> => grantFrom(await post('/auth/refresh')),
  signOut: async (everywhere = false): Promise<void> => void (await post('/auth/sign-out', { everywhere })),
};
