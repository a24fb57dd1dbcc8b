import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { isTokenClose } from './faults.js';
import { retryHintOf, retryWaitMs, wait, type Random } from './retry.js';

/** Why a token is wanted: for a new connection, because the one in use ends soon, or because the server refused it. */
export type TokenReason = 'connect' | 'expiring' | 'refused';

/** An access token without `Bearer`; null when nobody is signed in. */
export type GetToken = (reason: TokenReason) => string | null | Promise<string | null>;

export interface LiveClientOptions extends ClientOptions {
  getToken?: GetToken;
  /** How long before the end of a session its token is renewed. Default 30 s; never earlier than after half of the time that is left. */
  renewBeforeMs?: number;
  random?: Random;
}

export interface LiveClient extends Client {
  /** The server has acknowledged the connection, and it is open. */
  readonly connected: boolean;
  /**
   * Sends a fresh token on the open socket.
   * @param reason Handed to `getToken`; default `expiring`.
   * @returns true when the server has taken it; false when there is no open socket, no token, or the server refused it.
   */
  renewToken(reason?: TokenReason): Promise<boolean>;
}

/** How long a server may take to answer a ping that carries a token. */
const ANSWER_WITHIN_MS = 10_000;
/** A socket without operations is kept this long: one that is about to be subscribed again, or renewed, needs it. */
const KEPT_IDLE_MS = 3_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A token that is refused as often as this in a row is not going to be taken. */
const REFUSALS = 2;

interface AuthorizationAnswer {
  accepted: boolean;
  sessionExpiresAt?: string | null;
}

/**
 * A graphql-ws client that
 * - goes on trying for ever, waits as long as the server says when it restarts, and spreads its attempts;
 * - brings a token with each connection, and renews it in band: `{"type":"ping","payload":{"authorization":"Bearer …"}}`,
 *   answered by `{"type":"pong","payload":{"authorization":{"accepted":true,"sessionExpiresAt":"…"}}}`. When to do so
 *   it learns from the same member in the payload of `connection_ack`. With a server that sends none, it never does.
 */
export function createLiveClient(options: LiveClientOptions): LiveClient {
  const { getToken, renewBeforeMs = 30_000, random = Math.random, ...clientOptions } = options;
  let socket: { send(data: string): void; readyState: number } | null = null;
  let hintMs: number | null = null;
  let refusals = 0;
  /** The token in use was refused on an open socket: the next connection must not bring it again. */
  let wantsFresh = false;
  let renewTimer: ReturnType<typeof setTimeout> | undefined;
  let onAnswer: ((answer: AuthorizationAnswer | null) => void) | undefined;
  let renewing: Promise<boolean> | undefined;

  const client = createClient({
    lazyCloseTimeout: KEPT_IDLE_MS,
    retryAttempts: Infinity,
    shouldRetry: (event) => !isTokenClose(event) || refusals < REFUSALS,
    retryWait: (retries) => {
      const waitMs = retryWaitMs(retries, hintMs, random);
      hintMs = null;
      return wait(waitMs);
    },
    ...clientOptions,
    connectionParams: async () => {
      const given = await (typeof options.connectionParams === 'function' ? options.connectionParams() : options.connectionParams);
      const token = getToken ? await getToken(refusals > 0 || wantsFresh ? 'refused' : 'connect') : null;
      return token === null ? given : { ...given, authorization: `Bearer ${token}` };
    },
  });

  function renewAt(sessionExpiresAt: unknown): void {
    clearTimeout(renewTimer);
    if (!getToken || typeof sessionExpiresAt !== 'string') return;
    const leftMs = Date.parse(sessionExpiresAt) - Date.now();
    if (Number.isNaN(leftMs)) return;
    const earliestMs = Math.max(leftMs / 2, 1_000);
    // Many sessions begin together after a restart; their renewals need not stay together.
    const inMs = Math.max(earliestMs, leftMs - renewBeforeMs * (1 + random() / 5));
    renewTimer = setTimeout(() => void renewToken('expiring'), Math.min(inMs, LONGEST_TIMER_MS));
    (renewTimer as { unref?: () => void }).unref?.();
  }

  async function sendToken(reason: TokenReason): Promise<boolean> {
    if (socket === null) return false;
    wantsFresh = reason === 'refused';
    const token = await getToken?.(reason);
    const open = socket;
    if (!token || open?.readyState !== 1) return false;
    const answered = new Promise<AuthorizationAnswer | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), ANSWER_WITHIN_MS);
      onAnswer = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
    });
    open.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${token}` } }));
    const answer = await answered;
    onAnswer = undefined;
    if (answer?.accepted) {
      wantsFresh = false;
      renewAt(answer.sessionExpiresAt);
    }
    return answer?.accepted ?? false;
  }

  function renewToken(reason: TokenReason = 'expiring'): Promise<boolean> {
    renewing ??= sendToken(reason).finally(() => (renewing = undefined));
    return renewing;
  }

  client.on('connected', (opened, payload) => {
    socket = opened as typeof socket;
    refusals = 0;
    wantsFresh = false;
    hintMs = null;
    renewAt((payload as { sessionExpiresAt?: unknown } | undefined)?.sessionExpiresAt);
  });
  client.on('pong', (received, payload) => {
    const answer = (payload as { authorization?: AuthorizationAnswer } | undefined)?.authorization;
    if (received && answer) onAnswer?.(answer);
  });
  client.on('closed', (event) => {
    socket = null;
    clearTimeout(renewTimer);
    onAnswer?.(null);
    hintMs = retryHintOf(event);
    if (isTokenClose(event)) refusals += 1;
  });

  return {
    ...client,
    get connected() {
      return socket !== null;
    },
    renewToken,
    dispose() {
      clearTimeout(renewTimer);
      return client.dispose();
    },
  };
}
