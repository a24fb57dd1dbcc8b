import type { SubgraphName } from '../graph/sdl.js';
import type { Stream } from '../graph/stream.js';
import type { World } from '../subgraphs/world.js';
import { EventStreamClient, type EventStreamOptions } from '../clients/event-stream-client.js';
import { SocketClient, type ExecutionResult } from '../clients/socket-client.js';
import { Fail, show } from './verdict.js';
import { poll } from './waits.js';
import type { Reload } from './reload.js';
import type { TokenIssuer } from './token-issuer.js';

/** Starts and stops the process of the gateway, where the suite has it in hand. */
export interface GatewayControl {
  readonly alive: boolean;
  /** SIGTERM. Resolves when the process is gone. */
  stop(): Promise<void>;
  /** At the same address. Resolves when it answers. */
  start(): Promise<void>;
}

export interface Target {
  /** `http://host:port/graphql` */
  url: string;
  world: World;
  /** For one thing that must happen. */
  deadlineMs: number;
  /** Longer than a gateway takes to look at its supergraph: for what must not happen. */
  settleMs: number;
  reload: Reload | null;
  control: GatewayControl | null;
  /** Where the gateway asks who is calling. */
  tokens: TokenIssuer | null;
}

/** What one case sees: the gateway's URL, the subgraphs behind it, and clients that are gone when the case is over. */
export class Stage {
  private readonly leaveAll: (() => void)[] = [];

  constructor(
    private readonly target: Target,
    private readonly caseId: string,
  ) {}

  get url(): string {
    return this.target.url;
  }

  get world(): World {
    return this.target.world;
  }

  get deadlineMs(): number {
    return this.target.deadlineMs;
  }

  get settleMs(): number {
    return this.target.settleMs;
  }

  get reload(): Reload {
    return this.target.reload!;
  }

  get control(): GatewayControl {
    return this.target.control!;
  }

  get tokens(): TokenIssuer {
    return this.target.tokens!;
  }

  /** A source stream of this case only; its name is the `line` argument. */
  stream(suffix = ''): Stream {
    return this.world.stream(`${this.caseId}${suffix}`);
  }

  /** A WebSocket that has not said anything yet. */
  rawSocket(protocol?: string, deadlineMs = this.deadlineMs): SocketClient {
    const client = new SocketClient(this.url.replace(/^http/, 'ws'), { protocol, deadlineMs });
    this.leaveAll.push(() => client.vanish());
    return client;
  }

  /** An initialised connection. */
  socket(payload?: Record<string, unknown>, deadlineMs?: number): Promise<SocketClient> {
    return this.rawSocket(undefined, deadlineMs).initialised(payload);
  }

  eventStream(
    query: string,
    variables: Record<string, unknown> = {},
    options: Omit<EventStreamOptions, 'deadlineMs'> = {},
  ): EventStreamClient {
    const client = new EventStreamClient(this.url, { query, variables }, { deadlineMs: this.deadlineMs, ...options });
    this.leaveAll.push(() => client.leave());
    return client;
  }

  async query(query: string, variables: Record<string, unknown> = {}): Promise<ExecutionResult> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(this.deadlineMs),
    }).catch((error: unknown) => {
      throw new Fail(`a query over HTTP was not answered: ${error instanceof Error ? error.message : String(error)}`);
    });
    return (await response.json()) as ExecutionResult;
  }

  /** Resolves when this case's stream is open at the subgraph. @throws Fail at once when the operation has ended instead. */
  async live(socket: SocketClient, id: string, stream = this.stream()): Promise<void> {
    await stream.untilOpenOr(() => socket.endOf(id) !== null);
    const end = stream.open === 0 ? socket.endOf(id) : null;
    if (end) throw new Fail(`the subscription ended with ${show(end)}`);
  }

  /**
   * Events until every one of these operations has had one. Whether a second subscription to the same stream is live
   * cannot be seen at the subgraph where the gateway shares.
   */
  async allGetEvents(
    operations: readonly { socket: SocketClient; id: string }[],
    event: Record<string, unknown> = {},
    stream = this.stream(),
  ) {
    const without = () => operations.filter(({ socket, id }) => socket.eventsOf(id).length === 0);
    const emitOne = () => {
      const ended = without().find(({ socket, id }) => socket.endOf(id) !== null);
      if (ended) throw new Fail(`the subscription ended with ${show(ended.socket.endOf(ended.id))}`);
      if (without().length === 0) return Promise.resolve(true);
      stream.emit(event);
      return Promise.resolve(false);
    };
    await poll(emitOne, `${without().length} of ${operations.length} operations got no event`, this.deadlineMs);
  }

  /** The same for an event stream. */
  async untilEventStreamGets(events: EventStreamClient, event: Record<string, unknown> = {}): Promise<void> {
    const emitOne = () => {
      if (events.events.length > 0) return Promise.resolve(true);
      if (events.ended) throw new Fail(`the event stream ended with status ${events.status}`);
      this.stream().emit(event);
      return Promise.resolve(false);
    };
    await poll(emitOne, 'the event stream got no event', this.deadlineMs);
  }

  /** How often a subgraph has been asked for this entity. */
  fetchesOf(subgraph: SubgraphName, id: string): number {
    return this.world.entityFetches.filter((fetch) => fetch.subgraph === subgraph && fetch.id === id).length;
  }

  strike(): void {
    for (const leave of this.leaveAll.splice(0)) leave();
  }
}
