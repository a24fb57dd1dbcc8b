import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { Fail, show } from '../suite/verdict.js';
import { Signal } from '../suite/waits.js';
import type { ExecutionResult } from './socket-client.js';

export interface StreamedEvent {
  event: string;
  /** Undefined where the field is absent or empty. */
  data: unknown;
  id: string | undefined;
}

export interface EventStreamOptions {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  deadlineMs: number;
}

/** GraphQL over SSE, distinct connections mode: one operation per request. */
export class EventStreamClient {
  readonly events: StreamedEvent[] = [];
  status = 0;
  contentType = '';
  ended = false;
  private read = 0;
  private text = '';
  private readonly changed = new Signal();
  private readonly outgoing: ClientRequest;

  constructor(
    url: string,
    body: { query: string; variables?: Record<string, unknown> },
    private readonly options: EventStreamOptions,
  ) {
    const { method = 'POST', headers = {} } = options;
    const target = new URL(url);
    if (method === 'GET') {
      target.searchParams.set('query', body.query);
      if (body.variables) target.searchParams.set('variables', JSON.stringify(body.variables));
    }
    this.outgoing = request(
      target,
      {
        method,
        agent: false,
        headers: { accept: 'text/event-stream', ...(method === 'POST' && { 'content-type': 'application/json' }), ...headers },
      },
      (response) => this.onResponse(response),
    );
    this.outgoing.on('error', () => this.finish());
    this.outgoing.end(method === 'POST' ? JSON.stringify(body) : undefined);
  }

  async next(): Promise<StreamedEvent> {
    await this.changed.until(() => this.events.length > this.read || this.ended, 'no event on the event stream', this.options.deadlineMs);
    const event = this.events[this.read];
    if (!event) throw new Fail(`the event stream ended (status ${this.status}, ${this.contentType}) with ${show(this.text)}`);
    this.read += 1;
    return event;
  }

  async result(): Promise<ExecutionResult> {
    const { event, data } = await this.next();
    if (event !== 'next') throw new Fail(`instead of an event came ${show({ event, data })}`);
    return data as ExecutionResult;
  }

  async untilEnded(): Promise<void> {
    await this.changed.until(() => this.ended, 'the event stream was not ended', this.options.deadlineMs);
  }

  /** The client closes the connection: the only way to end a subscription here. */
  leave(): void {
    this.outgoing.destroy();
  }

  private onResponse(response: IncomingMessage): void {
    this.status = response.statusCode ?? 0;
    this.contentType = response.headers['content-type'] ?? '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.onText(chunk));
    response.on('close', () => this.finish());
    response.on('error', () => this.finish());
    this.changed.raise();
  }

  private onText(chunk: string): void {
    this.text += chunk.replaceAll('\r\n', '\n');
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end === -1) return;
      const lines = this.text.slice(0, end).split('\n');
      this.text = this.text.slice(end + 2);
      const field = (name: string) => {
        const values = lines
          .filter((line) => line === name || line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
        return values.length > 0 ? values.join('\n') : undefined;
      };
      const event = field('event');
      const data = field('data');
      if (event === undefined && data === undefined) continue; // a comment, or `retry`
      this.events.push({ event: event ?? 'message', data: parsed(data), id: field('id') });
      this.changed.raise();
    }
  }

  private finish(): void {
    this.ended = true;
    this.changed.raise();
  }
}

function parsed(data: string | undefined): unknown {
  if (!data) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
