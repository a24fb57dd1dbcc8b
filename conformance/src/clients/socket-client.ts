import WebSocket from 'ws';
import { Fail, show } from '../suite/verdict.js';
import { Signal } from '../suite/waits.js';

export interface ExecutionResult {
  data?: Record<string, unknown> | null;
  errors?: readonly { message: string; path?: readonly (string | number)[]; extensions?: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

export interface Close {
  code: number;
  reason: string;
}

export interface SocketOptions {
  /** Empty: none is offered. */
  protocol?: string;
  deadlineMs: number;
}

/** A client of graphql-transport-ws that shows every message and the close as they come. */
export class SocketClient {
  readonly messages: Message[] = [];
  close: Close | null = null;
  private readonly ws: WebSocket;
  private readonly changed = new Signal();
  private readonly byId = new Map<string, { all: Message[]; events: ExecutionResult[]; end: Message | null; read: number }>();
  private opened = false;
  private refused: string | null = null;
  private nextId = 1;

  constructor(
    url: string,
    private readonly options: SocketOptions,
  ) {
    const { protocol = 'graphql-transport-ws' } = options;
    this.ws = new WebSocket(url, protocol === '' ? undefined : protocol, { perMessageDeflate: false });
    this.ws.on('open', () => {
      this.opened = true;
      this.changed.raise();
    });
    this.ws.on('message', (data: Buffer) => {
      this.take(JSON.parse(data.toString()) as Message);
    });
    this.ws.on('close', (code, reason) => {
      this.close = { code, reason: reason.toString() };
      this.changed.raise();
    });
    this.ws.on('unexpected-response', (_request, response) => {
      this.refused = `the upgrade was answered with ${response.statusCode}`;
      this.close = { code: 1006, reason: this.refused };
      this.changed.raise();
    });
    this.ws.on('error', (error) => {
      this.refused ??= error.message;
    });
  }

  async open(): Promise<this> {
    await this.until(() => this.opened || this.close !== null, 'the WebSocket did not open');
    if (!this.opened) throw new Fail(`the WebSocket did not open: ${this.refused ?? show(this.close)}`);
    return this;
  }

  /** Opens and initialises the connection. */
  async initialised(payload?: Record<string, unknown>): Promise<this> {
    await this.open();
    this.send({ type: 'connection_init', ...(payload && { payload }) });
    const ack = await this.firstOf('connection_ack');
    this.ackPayload = ack.payload;
    return this;
  }
  ackPayload: unknown;

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  subscribe(query: string, variables: Record<string, unknown> = {}, id = `op-${this.nextId++}`): string {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
    return id;
  }

  complete(id: string): void {
    this.send({ id, type: 'complete' });
  }

  /** The operation's next unread message, whatever it is. */
  async message(id: string): Promise<Message> {
    const mine = this.operation(id);
    await this.until(() => mine.all.length > mine.read || this.close !== null, `no message for operation ${id}`);
    const message = mine.all[mine.read];
    if (!message) throw new Fail(`the socket was closed with ${this.close!.code} ${this.close!.reason}`.trim());
    mine.read += 1;
    return message;
  }

  /** The operation's next event. */
  async event(id: string): Promise<ExecutionResult> {
    const message = await this.message(id);
    if (message.type !== 'next') throw new Fail(`instead of an event came ${show({ type: message.type, payload: message.payload })}`);
    return message.payload as ExecutionResult;
  }

  async data(id: string): Promise<Record<string, unknown>> {
    const { data, errors } = await this.event(id);
    if (!data || errors) throw new Fail(`the event came with ${show({ data, errors })}`);
    return data;
  }

  /** The events that came for the operation so far. */
  eventsOf(id: string): readonly ExecutionResult[] {
    return this.operation(id).events;
  }

  /** The operation's end, if it has come: an `error` or `complete` message, or the close of the socket. */
  endOf(id: string): Message | Close | null {
    return this.operation(id).end ?? this.close;
  }

  /** The end with what was said just before it: some servers send errors as an event and complete. */
  ending(id: string): string {
    const { all, events } = this.operation(id);
    const told = events.at(-1)?.errors;
    const end = this.endOf(id);
    if (end && 'code' in end) return `the socket was closed with ${end.code} ${end.reason}`.trim();
    if (end?.type === 'error') return `error ${show(end.payload)}`;
    return told && all.length > 1 ? `complete, after an event with the errors ${show(told)}` : 'a plain complete';
  }

  private operation(id: string) {
    let known = this.byId.get(id);
    if (!known) this.byId.set(id, (known = { all: [], events: [], end: null, read: 0 }));
    return known;
  }

  private take(message: Message): void {
    this.messages.push(message);
    if (message.id !== undefined) {
      const mine = this.operation(message.id);
      mine.all.push(message);
      if (message.type === 'next') mine.events.push(message.payload as ExecutionResult);
      else mine.end ??= message;
    }
    this.changed.raise();
  }

  async until(done: () => boolean, what: string | (() => string)): Promise<void> {
    await this.changed.until(done, what, this.options.deadlineMs);
  }

  async firstOf(type: string): Promise<Message> {
    const found = () => this.messages.find((message) => message.type === type);
    await this.until(() => found() !== undefined || this.close !== null, `no ${type}`);
    const message = found();
    if (!message) throw new Fail(`instead of ${type} the socket was closed with ${this.close!.code} ${this.close!.reason}`.trim());
    return message;
  }

  async closed(): Promise<Close> {
    await this.until(
      () => this.close !== null,
      () => `the socket was not closed; messages: ${show(this.messages.slice(-3))}`,
    );
    return this.close!;
  }

  /** A round trip: everything that the server had sent before has arrived. */
  async roundTrip(): Promise<void> {
    const pongs = () => this.messages.filter(({ type }) => type === 'pong').length;
    const before = pongs();
    this.send({ type: 'ping' });
    await this.until(() => pongs() > before || this.close !== null, 'no pong');
    if (pongs() === before) throw new Fail(`the socket was closed with ${this.close!.code} ${this.close!.reason}`.trim());
  }

  /** Reads nothing any more: what is sent stays in the network, then in the server. */
  freeze(): void {
    this.ws.pause();
  }

  thaw(): void {
    this.ws.resume();
  }

  /** A close in order. */
  leave(): void {
    this.ws.close(1000);
  }

  /** Gone without a word. */
  vanish(): void {
    this.ws.terminate();
  }
}
