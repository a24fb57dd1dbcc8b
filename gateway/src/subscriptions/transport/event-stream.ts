import type { IncomingMessage, ServerResponse } from 'node:http';
import { retryHintMs } from './retry-hint.js';
import type { GraphQLFormattedError } from 'graphql';
import type { Credential } from '../../identity/access-token.js';
import { socketsOpen } from '../../metrics.js';
import type { Caller, Engine } from '../../operation/engine.js';
import type { LiveEngine, LiveOperation } from '../live-engine.js';
import type { EndReason, LiveSink } from '../live-sink.js';
import { recordPatientAccess } from '../patient-access.js';
import type { SessionHolder, SessionKeeper } from './session-keeper.js';
import { SESSION_EXPIRED } from './websocket-connection.js';
import { CoalescedSocket, type WriteCoalescer } from './write-coalescer.js';

export interface EventStreamDeps {
  engine: Engine;
  live: LiveEngine;
  sessions: SessionKeeper;
  coalescer: WriteCoalescer;
  /** A comment line this often keeps proxies from closing a quiet stream. */
  keepAliveMs: number;
  onOpen: (stream: EventStream) => void;
  onClosed: (stream: EventStream) => void;
}

const CONGESTED_BYTES = 128 << 10;
const CONGESTED_MS = 1_000;
const NEXT = Buffer.from('event: next\ndata: ');
const NOTHING = Buffer.alloc(0);
const END = Buffer.from('\n\n');

/** GraphQL over SSE, distinct connections mode: one operation per request. */
export class EventStream implements SessionHolder {
  private operation: LiveOperation | undefined;
  private readonly out: CoalescedSocket;
  private wroteAtMs = Date.now();
  private over = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    readonly credential: Credential | null,
    private readonly deps: EventStreamDeps,
  ) {
    this.out = new CoalescedSocket(response.socket!, deps.coalescer);
    socketsOpen.inc({ transport: 'sse' });
    deps.sessions.add(this);
    deps.onOpen(this);
    request.socket.setTimeout(0);
    response.on('close', () => this.onClose());
    response.on('error', () => undefined);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
  }

  /** Runs any operation: queries and mutations give one `next` and `complete`. */
  async run(ready: ReturnType<Engine['prepare']>, caller: Caller): Promise<void> {
    if (ready.prepared.kind === 'subscription') {
      await recordPatientAccess(ready, caller, this.deps.engine);
      if (this.over) return;
      this.operation = this.deps.live.open(ready, caller, this.sink(), () => undefined, this.lastEventId());
      return;
    }
    const result = await this.deps.engine.execute(ready, caller);
    this.next(Buffer.from(JSON.stringify(result)));
    this.complete();
  }

  endSession(reason: 'session_expired' | 'revoked'): void {
    if (this.over || !this.operation) return;
    this.operation.stop(reason);
    this.fail(SESSION_EXPIRED);
  }

  onSweep(nowMs: number): void {
    if (nowMs - this.wroteAtMs >= this.deps.keepAliveMs) this.write(Buffer.from(':\n\n'));
  }

  /** @param connections How many clients are told to come back now. */
  shutDown(connections: number): void {
    this.operation?.stop('shutdown');
    // No `complete`: the operation is not over, the client shall come back.
    this.over = true;
    this.out.release();
    this.response.end(`retry: ${retryHintMs(connections)}\n\n`);
  }

  /** @param errors Of an operation that was refused: the protocol has them in a `next`. */
  fail(errors: readonly GraphQLFormattedError[]): void {
    this.next(Buffer.from(JSON.stringify({ errors })));
    this.complete();
  }

  /** What EventSource sends when it comes back: the cursor of the last event it has. */
  private lastEventId(): string | undefined {
    const id = this.request.headers['last-event-id'];
    return typeof id === 'string' && id !== '' ? id : undefined;
  }

  private sink(): LiveSink {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the sink's getter needs both
    const stream = this;
    return {
      send: (payload, cursor) => stream.next(payload, cursor),
      get congested() {
        return stream.out.isCongested(CONGESTED_BYTES, CONGESTED_MS);
      },
      fail: (errors) => stream.fail(errors),
      complete: () => stream.complete(),
      abandon: () => stream.response.destroy(),
    };
  }

  private next(payload: Buffer, cursor: string | null = null): void {
    const id = cursor !== null && /^[^\r\n\0]+$/.test(cursor) ? Buffer.from(`id: ${cursor}\n`) : NOTHING;
    this.write(Buffer.concat([id, NEXT, payload, END]));
  }

  private complete(): void {
    if (this.over) return;
    this.write(Buffer.from('event: complete\ndata: \n\n'));
    this.over = true;
    this.out.release();
    this.response.end();
  }

  private write(chunk: Buffer): void {
    if (this.over || this.response.destroyed) return;
    this.wroteAtMs = Date.now();
    this.out.beforeWrite();
    this.response.write(chunk);
  }

  private onClose(): void {
    this.over = true;
    const reason: EndReason = 'client_gone';
    this.operation?.stop(reason);
    socketsOpen.dec({ transport: 'sse' });
    this.deps.sessions.delete(this);
    this.deps.onClosed(this);
  }
}
