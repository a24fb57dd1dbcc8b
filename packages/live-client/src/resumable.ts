import type { Client } from 'graphql-ws';
import { faultOf, type Fault } from './faults.js';
import { retryHintOf, retryWaitMs, validHint, wait, type Random } from './retry.js';

export interface ResumableRequest {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string | null;
  extensions?: Record<string, unknown> | null;
  /** The variable that continues the subscription. Default `after`. */
  resumeArgument?: string;
  /** Where the cursor stands in `data`, by the names in the document: `readings.cursor`. Without it nothing is resumed. */
  cursorPath?: string;
  /** What CURSOR_EXPIRED does: end with that error (default), or begin again from now with a gap that stays. */
  whenExpired?: 'fail' | 'restart';
  /** A stream without an end of its own: when the server completes it, it is subscribed to again. Default false. */
  endless?: boolean;
}

export interface LiveResult<TData> {
  data?: TData | null;
  errors?: readonly { message: string; path?: readonly (string | number)[]; extensions?: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

/** `server`: the server says that events before this one may be missing. */
export type GapReason = 'disconnected' | 'refused' | 'ended' | 'cursor-expired' | 'server';

/** A time in which this client cannot know that it has seen everything. */
export interface Gap {
  readonly reason: GapReason;
  readonly sinceMs: number;
  /** The last event seen before it; null where the stream has no cursor or nothing came yet. */
  readonly cursor: string | null;
}

export interface LiveSink<TData> {
  next(result: LiveResult<TData>): void;
  /** The end: something that asking again cannot change. GraphQL errors, a close event, or an Error. */
  error(cause: unknown): void;
  complete(): void;
  onGap?(gap: Gap): void;
  /**
   * Events flow again. `complete` true: from the cursor, so everything in between comes or has come, once and in order.
   * False: what happened in between has to be read by query.
   */
  onFilled?(gap: Gap, complete: boolean): void;
}

export interface ResumableOptions {
  /** A stream that says nothing for this long after it was opened again has nothing to catch up with. */
  settleMs?: number;
  /** Brings a fresh token to the open socket. Default: `client.renewToken`, where the client has it. */
  renewToken?: () => Promise<boolean>;
  random?: Random;
}

type ClientLike = Pick<Client, 'subscribe' | 'on'> & {
  readonly connected?: boolean;
  renewToken?: (reason: 'refused') => Promise<boolean>;
  terminate?: () => void;
};

const SETTLE_MS = 2_000;
const TOKEN_TRIES = 3;

/**
 * A subscription that goes on after whatever broke it, behind the last event that arrived here. What is never repeated
 * and never lost is the server's promise; this side remembers the cursor and asks with it.
 * @returns the function that ends it.
 */
export function resumable<TData = Record<string, unknown>>(
  client: ClientLike,
  request: ResumableRequest,
  sink: LiveSink<TData>,
  {
    settleMs = SETTLE_MS,
    renewToken = () => client.renewToken?.('refused') ?? Promise.resolve(false),
    random = Math.random,
  }: ResumableOptions = {},
): () => void {
  const { query, operationName, extensions, resumeArgument = 'after', whenExpired = 'fail', endless = false } = request;
  const path = request.cursorPath?.split('.');
  const variables: Record<string, unknown> = { ...request.variables };
  // graphql-ws sends this very object again after a reconnect of its own, so the cursor is written into it.
  const payload = { query, variables, ...(operationName && { operationName }), ...(extensions && { extensions }) };
  const over = new AbortController();
  let unsubscribe = () => undefined as void;
  let cursor: string | null = null;
  let gap: Gap | null = null;
  /** The subscription that is open now began at the cursor. */
  let continues = false;
  /** The server itself has said that something is missing. */
  let lost = false;
  let connected = client.connected ?? false;
  /** The server has had the subscription once: before, there is nothing that could be missed. */
  let begun = false;
  let retries = 0;
  let tokenTries = 0;
  let settling: ReturnType<typeof setTimeout> | undefined;

  function openGap(reason: GapReason): void {
    clearTimeout(settling);
    if (reason === 'server' || reason === 'cursor-expired') lost = true;
    if (gap || !begun) return;
    gap = { reason, sinceMs: Date.now(), cursor };
    sink.onGap?.(gap);
  }

  function fill(): void {
    clearTimeout(settling);
    if (!gap) return;
    const filled = gap;
    const complete = continues && !lost;
    gap = null;
    lost = false;
    sink.onFilled?.(filled, complete);
  }

  /** The subscription is on its way to the server, with the cursor or without. */
  function sent(): void {
    continues = cursor !== null;
    if (!connected) return;
    begun = true;
    if (!gap) return;
    clearTimeout(settling);
    settling = setTimeout(fill, settleMs);
  }

  const unlisten = [
    client.on('closed', () => {
      connected = false;
      openGap('disconnected');
    }),
    // graphql-ws sends open subscriptions right after this.
    client.on('connected', () => {
      connected = true;
      sent();
    }),
  ];

  function finish(tell: () => void): void {
    if (over.signal.aborted) return;
    over.abort();
    clearTimeout(settling);
    for (const stop of unlisten) stop();
    tell();
  }

  async function again(waitMs: number): Promise<void> {
    retries += 1;
    await wait(waitMs, over.signal);
    if (!over.signal.aborted) open();
  }

  function recover(fault: Fault): void {
    if (fault.kind === 'final') return finish(() => sink.error(fault.cause));
    if (fault.kind === 'expired') {
      if (whenExpired === 'fail' || cursor === null) return finish(() => sink.error(fault.cause));
      openGap('cursor-expired');
      cursor = null;
      delete variables[resumeArgument];
      if (request.variables && resumeArgument in request.variables) variables[resumeArgument] = null;
      return void again(0);
    }
    openGap('refused');
    if (fault.kind === 'passing') return void again(retryWaitMs(retries, validHint(fault.retryAfterMs), random));
    tokenTries += 1;
    if (tokenTries > TOKEN_TRIES) return finish(() => sink.error(fault.cause));
    void renewToken().then(
      (renewed) => {
        // Not in band, then with a new connection, which asks for a token of its own.
        if (!renewed && Array.isArray(fault.cause)) client.terminate?.();
        return again(renewed ? 0 : retryWaitMs(retries, null, random));
      },
      (error: unknown) => finish(() => sink.error(error)),
    );
  }

  function open(): void {
    sent();
    unsubscribe = client.subscribe<TData & Record<string, unknown>>(payload, {
      next(result) {
        if (over.signal.aborted) return;
        connected = begun = true;
        retries = 0;
        tokenTries = 0;
        const seen = path && cursorAt(result.data, path);
        if (saysGap(result.extensions)) openGap('server');
        if (typeof seen === 'string') variables[resumeArgument] = cursor = seen;
        fill();
        sink.next(result as LiveResult<TData>);
      },
      error(cause) {
        if (over.signal.aborted) return;
        if (Array.isArray(cause)) connected = begun = true;
        recover(faultOf(cause, retryHintOf));
      },
      complete() {
        if (over.signal.aborted) return;
        if (!endless) return finish(() => sink.complete());
        openGap('ended');
        void again(retryWaitMs(retries, null, random));
      },
    });
  }

  open();
  return () => finish(() => unsubscribe());
}

function saysGap(extensions: unknown): boolean {
  return (extensions as { delivery?: { gap?: unknown } } | null | undefined)?.delivery?.gap === true;
}

function cursorAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], data);
}
