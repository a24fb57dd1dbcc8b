import { DomainError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import type { GraphQLFormattedError } from 'graphql';
import { eventsReceived, upstreamsOpen, upstreamsOpened } from '../metrics.js';
import { asErrors } from '../operation/client-errors.js';
import { SubscriptionRefused, type FetchContext, type SubgraphClient, type SubgraphResponse } from '../subgraph-client/subgraph-client.js';
import { upstreamVariables, type LivePlan } from './live-plan.js';
import type { LiveSettings } from './live-settings.js';

/** One event of a subgraph, with what the delivery policy needs to know of it. */
export interface UpstreamEvent {
  readonly response: SubgraphResponse;
  readonly cursor: string | null;
  readonly keys: readonly string[];
  /** Events may have been lost before this one: the stream broke and has no cursor. */
  readonly gap: boolean;
  /** By performance.now(). */
  readonly arrivedAtMs: number;
}

/** Who listens to an upstream. */
export interface UpstreamListener {
  /** @param own The event is the listener's to change. */
  onEvent(event: UpstreamEvent, own: boolean): void;
  /** Resolves when the listener can take more; undefined when it can now. */
  pressure(): Promise<void> | undefined;
  onEnd(errors: readonly GraphQLFormattedError[] | null): void;
}

export interface UpstreamOptions {
  /** Changed by `adopt`. */
  plan: LivePlan;
  variables: Record<string, unknown>;
  after: string | null;
  client: SubgraphClient;
  /** A context for each opening: the signed viewer in it lives a minute. */
  context: () => FetchContext;
  settings: LiveSettings;
  log: Log;
  onClosed: () => void;
}

/** A connection that lasted this long was a live stream, even if no event came. */
const LIVE_AFTER_MS = 1_000;
/** What a subgraph says while it is starting or stopping; asking again helps. */
const PASSING_CODES = new Set(['SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'UNAUTHENTICATED']);

/**
 * One subscription at a subgraph, shared by every group that needs the same stream. When it breaks it is opened again,
 * from the last cursor where there is one; its listeners notice a pause. It closes when the last listener leaves.
 */
export class Upstream {
  private readonly listeners = new Set<UpstreamListener>();
  private events: AsyncIterableIterator<SubgraphResponse> | undefined;
  private wake: (() => void) | undefined;
  private closed = false;
  private lastCursor: string | null;
  private received = false;

  constructor(private readonly options: UpstreamOptions) {
    this.lastCursor = options.after;
  }

  /** An event has come: who joins now has missed it. */
  get begun(): boolean {
    return this.received;
  }

  /** Where the stream is; null without `@resume`, or before the first event. */
  get cursor(): string | null {
    return this.lastCursor;
  }

  /** The same stream as a new supergraph has it: the old one shall not be held in memory by it. */
  adopt(plan: LivePlan, client: SubgraphClient): void {
    this.options.plan = plan;
    this.options.client = client;
  }

  add(listener: UpstreamListener): void {
    this.listeners.add(listener);
    if (this.listeners.size === 1 && !this.events) void this.run();
  }

  remove(listener: UpstreamListener): void {
    this.listeners.delete(listener);
    if (this.listeners.size === 0) this.close();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.wake?.();
    void this.events?.return?.();
    this.options.onClosed();
  }

  private async run(): Promise<void> {
    const { settings, log } = this.options;
    const { service } = this.options.plan;
    let giveUpAtMs = Date.now() + settings.openPatienceMs;
    let pauseMs = settings.reopenFirstMs;
    let why: 'first' | 'again' = 'first';
    for (;;) {
      const openedAtMs = Date.now();
      upstreamsOpened.inc({ service, why });
      const outcome = await this.readOnce(why === 'again');
      if (this.closed) return;
      if (outcome.errors === null) return this.end(null);
      if (outcome.final) return this.end(outcome.errors);
      const now = Date.now();
      if (outcome.events > 0 || now - openedAtMs >= LIVE_AFTER_MS) {
        giveUpAtMs = now + settings.reopenPatienceMs;
        pauseMs = settings.reopenFirstMs;
      }
      if (now >= giveUpAtMs) return this.end(outcome.errors);
      log.info({ service, pauseMs, why: outcome.message }, 'Upstream subscription broke; opening it again');
      await this.pause(pauseMs * (0.5 + Math.random()));
      if (this.closed) return;
      pauseMs = Math.min(pauseMs * 2, settings.reopenLongestMs);
      why = 'again';
    }
  }

  /** `errors` null: the subgraph has completed the stream. */
  private async readOnce(
    again: boolean,
  ): Promise<{ errors: readonly GraphQLFormattedError[] | null; final?: boolean; events: number; message?: string }> {
    const { plan, variables, client, context } = this.options;
    const open = upstreamsOpen.labels({ service: plan.service });
    let received = 0;
    open.inc();
    try {
      const operation = {
        query: plan.query,
        variables: upstreamVariables(plan, variables, this.lastCursor),
        operationName: plan.operationName,
      };
      this.events = client.subscribe(operation, context());
      let gap = again && this.lastCursor === null;
      for await (const response of this.events) {
        if (this.closed) break;
        received += 1;
        eventsReceived.inc({ service: plan.service });
        const cursor = this.options.plan.cursorOf(response.data);
        this.lastCursor = cursor ?? this.lastCursor;
        this.received = true;
        await this.deliver({ response, cursor, keys: this.options.plan.keysOf(response.data), gap, arrivedAtMs: performance.now() });
        gap = false;
      }
      return { errors: null, events: received };
    } catch (error) {
      if (error instanceof SubscriptionRefused) {
        const passing = (received > 0 || again) && error.errors.every(({ extensions }) => PASSING_CODES.has(String(extensions?.code)));
        return { errors: error.errors, final: !passing, events: received, message: error.message };
      }
      const away = new DomainError('SERVICE_UNAVAILABLE', `The ${plan.service} service cannot be reached.`, { service: plan.service });
      return { errors: asErrors(away), events: received, message: error instanceof Error ? error.message : String(error) };
    } finally {
      open.dec();
    }
  }

  private deliver(event: UpstreamEvent): Promise<unknown> | undefined {
    // Execution changes an event: with one listener it may have the event itself, else each needs a copy.
    const shared = this.listeners.size > 1;
    let waits: Promise<void>[] | undefined;
    for (const listener of this.listeners) {
      listener.onEvent(event, !shared);
      const pressure = listener.pressure();
      if (pressure) (waits ??= []).push(pressure);
    }
    return waits && Promise.all(waits);
  }

  private end(errors: readonly GraphQLFormattedError[] | null): void {
    if (this.closed) return;
    const listeners = [...this.listeners];
    this.listeners.clear();
    this.close();
    for (const listener of listeners) listener.onEnd(errors);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
