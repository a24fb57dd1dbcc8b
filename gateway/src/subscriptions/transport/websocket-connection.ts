import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { DomainError } from '@pulsegraph/kit/errors';
import type { GraphQLFormattedError } from 'graphql';
import type { RawData, WebSocket } from 'ws';
import type { Credential } from '../../identity/access-token.js';
import type { Caller } from '../../operation/engine.js';
import type { GraphQLResult } from '../../operation/plan-execution.js';
import type { LiveOperation } from '../live-engine.js';
import type { EndReason, LiveSink } from '../live-sink.js';
import { recordPatientAccess } from '../patient-access.js';
import { clientNamed } from '../../http/client-origin.js';
import { BadMessage, CloseCode, parseMessage, type ClientMessage, type SubscribePayload } from './protocol.js';
import { retryReason } from './retry-hint.js';
import type { SessionHolder } from './session-keeper.js';
import type { WebSocketDeps } from './websocket-deps.js';
import { textFrame } from './text-frame.js';
import { CoalescedSocket } from './write-coalescer.js';

/** Held back for a client that does not read; beyond, it is slow. */
const CONGESTED_BYTES = 128 << 10;
const CONGESTED_MS = 1_000;
const TAIL = Buffer.from('}');
const TEXT = { binary: false, compress: false };
const OPEN = 1;

interface Running {
  live?: LiveOperation;
}

/** One client speaking graphql-transport-ws. */
export class WebSocketConnection implements SessionHolder {
  credential: Credential | null = null;
  private sessionOver = false;
  private initialised = false;
  private acknowledged = false;
  private readonly operations = new Map<string, Running>();
  private readonly out: CoalescedSocket;
  private initTimer: NodeJS.Timeout | undefined;
  private heardAtMs = Date.now();
  private pingedAtMs = Date.now();
  private closed = false;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Duplex,
    private origin: Omit<Caller, 'viewer' | 'requestId'>,
    private readonly deps: WebSocketDeps,
  ) {
    this.out = new CoalescedSocket(socket, deps.coalescer);
    this.initTimer = setTimeout(
      () => this.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout'),
      deps.limits.connectionInitMs,
    );
    ws.on('message', (data, isBinary) => this.onMessage(data, isBinary));
    ws.on('pong', () => (this.heardAtMs = Date.now()));
    ws.on('close', () => this.onClose());
    ws.on('error', (error) => deps.log.debug({ err: error }, 'Client socket failed'));
  }

  /**
   * Tells the client to come back, and lets go of everything.
   * @param connections How many clients are told so now.
   */
  shutDown(connections: number): void {
    this.stopAll('shutdown');
    this.close(CloseCode.ServiceRestart, retryReason(connections));
  }

  endSession(reason: 'session_expired' | 'revoked'): void {
    if (this.sessionOver) return;
    this.sessionOver = true;
    for (const [id, { live }] of [...this.operations]) {
      if (!live) continue;
      this.operations.delete(id);
      live.stop(reason);
      this.sendError(id, SESSION_EXPIRED);
    }
  }

  onSweep(nowMs: number): void {
    const { pingMs } = this.deps;
    if (nowMs - this.heardAtMs > pingMs * 2 && this.pingedAtMs > this.heardAtMs) this.ws.terminate();
    else if (nowMs - this.pingedAtMs >= pingMs && this.ws.readyState === OPEN) {
      this.pingedAtMs = nowMs;
      this.ws.ping();
    }
  }

  private onMessage(data: RawData, isBinary: boolean): void {
    this.heardAtMs = Date.now();
    if (this.closed) return;
    try {
      if (isBinary) throw new BadMessage('Messages are text');
      this.handle(parseMessage((data as Buffer).toString()));
    } catch (error) {
      if (error instanceof BadMessage) return this.close(CloseCode.BadRequest, error.message);
      this.deps.log.error({ err: error }, 'Unexpected fault on a client socket');
      this.close(CloseCode.InternalServerError, 'Internal server error');
    }
  }

  private handle(message: ClientMessage): void {
    switch (message.type) {
      case 'connection_init':
        if (this.initialised) return this.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests');
        this.initialised = true;
        clearTimeout(this.initTimer);
        void this.initialise(message.payload);
        return;
      case 'ping':
        void this.onPing(message.payload);
        return;
      case 'pong':
        return;
      case 'subscribe':
        if (!this.acknowledged) return this.close(CloseCode.Unauthorized, 'Unauthorized');
        if (this.operations.has(message.id))
          return this.close(CloseCode.SubscriberAlreadyExists, `Subscriber for ${message.id} already exists`);
        this.subscribe(message.id, message.payload);
        return;
      case 'complete': {
        const running = this.operations.get(message.id);
        this.operations.delete(message.id);
        running?.live?.stop('client_complete');
      }
    }
  }

  private async initialise(payload: Record<string, unknown> | null): Promise<void> {
    try {
      this.credential = await this.deps.identity.authenticate(authorizationIn(payload));
    } catch (error) {
      const unavailable = error instanceof DomainError && error.code === 'SERVICE_UNAVAILABLE';
      return unavailable ? this.close(CloseCode.TryAgainLater, error.message) : this.close(CloseCode.Forbidden, 'Forbidden');
    }
    // Browsers cannot set headers on a socket.
    this.origin = { ...this.origin, ...clientNamed(payload?.clientName, payload?.clientVersion) };
    this.acknowledged = true;
    this.sendJson({ type: 'connection_ack', payload: { sessionExpiresAt: expiryText(this.credential) } });
  }

  /** A ping may carry a fresh token: the session goes on without a break, with whatever rights the token has now. */
  private async onPing(payload: Record<string, unknown> | null): Promise<void> {
    const authorization = this.acknowledged ? authorizationIn(payload) : undefined;
    if (!authorization) return this.sendJson({ type: 'pong', ...(payload && { payload }) });
    try {
      this.credential = await this.deps.identity.authenticate(authorization);
      this.sessionOver = false;
      for (const { live } of [...this.operations.values()]) live?.changeViewer(this.credential?.viewer ?? null);
      this.sendJson({ type: 'pong', payload: { authorization: { accepted: true, sessionExpiresAt: expiryText(this.credential) } } });
    } catch (error) {
      const code = error instanceof DomainError ? error.code : 'INTERNAL_SERVER_ERROR';
      this.sendJson({ type: 'pong', payload: { authorization: { accepted: false, code } } });
    }
  }

  private subscribe(id: string, payload: SubscribePayload): void {
    const { limits, engine, requests, sessions } = this.deps;
    const caller: Caller = { ...this.origin, viewer: this.credential?.viewer ?? null, requestId: randomUUID() };
    if (this.operations.size >= limits.operationsPerSocket) return this.sendError(id, tooMany(limits.operationsPerSocket));
    if (this.credential && (this.sessionOver || !sessions.admits(this.credential))) return this.sendError(id, SESSION_EXPIRED);
    const running: Running = {};
    this.operations.set(id, running);
    try {
      const ready = engine.prepare(requests.resolve(payload, caller.viewer), caller);
      if (ready.prepared.kind === 'subscription') {
        const open = () => {
          if (this.operations.get(id) !== running) return;
          running.live = this.deps.live.open(ready, caller, this.sinkFor(id, running), () => this.operations.delete(id));
        };
        const recorded = recordPatientAccess(ready, caller, engine);
        if (recorded) void recorded.then(open).catch((error: unknown) => this.refuse(id, running, engine.refusal(error, caller)));
        else open();
      } else {
        void engine.execute(ready, caller).then((result) => this.finish(id, running, result));
      }
    } catch (error) {
      this.operations.delete(id);
      this.sendError(id, engine.refusal(error, caller));
    }
  }

  private refuse(id: string, running: Running, errors: readonly GraphQLFormattedError[]): void {
    if (this.operations.get(id) !== running) return;
    this.operations.delete(id);
    this.sendError(id, errors);
  }

  private finish(id: string, running: Running, result: GraphQLResult): void {
    if (this.operations.get(id) !== running) return;
    this.operations.delete(id);
    this.sendJson({ id, type: 'next', payload: result });
    this.sendJson({ id, type: 'complete' });
  }

  private sinkFor(id: string, running: Running): LiveSink {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the sink's getter needs both
    const connection = this;
    const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
    const over = () => {
      const mine = connection.operations.get(id) === running;
      if (mine) connection.operations.delete(id);
      return mine;
    };
    return {
      send(payload) {
        connection.writeFrame(textFrame(head, payload, TAIL));
      },
      get congested() {
        return connection.out.isCongested(CONGESTED_BYTES, CONGESTED_MS);
      },
      fail(errors) {
        if (over()) connection.sendError(id, errors);
      },
      complete() {
        if (over()) connection.sendJson({ id, type: 'complete' });
      },
      abandon() {
        connection.close(CloseCode.TryAgainLater, retryReason(1));
      },
    };
  }

  private sendError(id: string, errors: readonly GraphQLFormattedError[]): void {
    this.sendJson({ id, type: 'error', payload: errors });
  }

  private sendJson(message: object): void {
    this.write(JSON.stringify(message));
  }

  private write(message: string | Buffer): void {
    if (this.closed || this.ws.readyState !== OPEN) return;
    this.out.beforeWrite();
    this.ws.send(message, TEXT);
  }

  /** Past `ws`, on its socket: with compression off it holds nothing back, so frames cannot overtake each other. */
  private writeFrame(frame: Buffer): void {
    if (this.closed || this.ws.readyState !== OPEN) return;
    this.out.beforeWrite();
    this.socket.write(frame);
  }

  private close(code: number, reason: string): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.initTimer);
    this.stopAll('client_gone');
    this.ws.close(code, Buffer.byteLength(reason) > 120 ? reason.slice(0, 60) : reason);
    this.out.release();
    // A client that reads nothing will not answer the close either.
    const timer = setTimeout(() => this.ws.terminate(), CLOSE_PATIENCE_MS);
    timer.unref();
    this.ws.once('close', () => clearTimeout(timer));
  }

  private onClose(): void {
    this.closed = true;
    clearTimeout(this.initTimer);
    this.stopAll('client_gone');
    this.deps.onClosed(this);
  }

  private stopAll(reason: EndReason): void {
    for (const { live } of [...this.operations.values()]) live?.stop(reason);
    this.operations.clear();
  }
}

const CLOSE_PATIENCE_MS = 5_000;

export const SESSION_EXPIRED: readonly GraphQLFormattedError[] = [
  { message: 'The session has ended. Sign in again, or send a fresh token.', extensions: { code: 'SESSION_EXPIRED' } },
];

const tooMany = (allowed: number): readonly GraphQLFormattedError[] => [
  {
    message: `At most ${allowed} operations at a time are allowed on one socket.`,
    extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', limit: 'operationsPerSocket', allowed },
  },
];

function authorizationIn(payload: Record<string, unknown> | null): string | undefined {
  const value = payload?.authorization ?? payload?.Authorization;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function expiryText(credential: Credential | null): string | null {
  return credential && new Date(credential.expiresAtMs).toISOString();
}
