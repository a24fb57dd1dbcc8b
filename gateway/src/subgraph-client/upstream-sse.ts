import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import type { GraphQLFormattedError } from 'graphql';
import { PushIterator } from './push-iterator.js';
import { SubgraphLost, SubscriptionRefused, type SubgraphOperation, type SubgraphResponse } from './subgraph-client.js';

const MAX_PENDING = 10_000;
const ANSWER_MS = 10_000;

export interface SseOptions {
  name: string;
  /** Starts a request; its body is written here. */
  send: (options: RequestOptions) => ClientRequest;
  target: RequestOptions;
  headers: Record<string, string | number>;
}

/** GraphQL over SSE, distinct connections mode, for subgraphs that offer no WebSocket. */
export function subscribeOverSse(
  operation: SubgraphOperation,
  { name, send, target, headers }: SseOptions,
): AsyncIterableIterator<SubgraphResponse> {
  const body = JSON.stringify(operation);
  const request = send({
    ...target,
    agent: false, // a stream would keep a connection of the pool for itself
    headers: { ...headers, accept: 'text/event-stream', 'content-length': Buffer.byteLength(body) },
  });
  const events = new PushIterator<SubgraphResponse>(() => request.destroy());
  const lost = (why: string) => events.fail(new SubgraphLost(`${name}: ${why}`));
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  request.on('error', (error) => {
    clearTimeout(timer);
    lost(error.message);
  });
  request.on('response', (response: IncomingMessage) => {
    clearTimeout(timer);
    if (!/^text\/event-stream/i.test(response.headers['content-type'] ?? '')) return void refuse(response, events, lost);
    const decoder = new StringDecoder('utf8');
    let text = '';
    response.on('data', (chunk: Buffer) => {
      text = (text + decoder.write(chunk)).replace(/\r\n?/g, '\n');
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    });
    response.on('end', () => lost('the stream ended'));
    response.on('error', (error) => lost(error.message));
  });
  request.end(body);

  function take(block: string): void {
    const { event, data } = parseEvent(block);
    if (event === 'complete') events.end();
    else if (event === 'next' && data) {
      const result = JSON.parse(data) as SubgraphResponse;
      if (result.data === undefined && result.errors) return events.fail(new SubscriptionRefused(result.errors));
      events.push(result);
      if (events.pending > MAX_PENDING) lost(`more than ${MAX_PENDING} events behind`);
    }
  }
  return events;
}

/** An answer that is no stream: a GraphQL response with errors, or something else. */
async function refuse(response: IncomingMessage, events: PushIterator<SubgraphResponse>, lost: (why: string) => void): Promise<void> {
  let text = '';
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
    const { errors } = JSON.parse(text) as { errors?: GraphQLFormattedError[] };
    if (errors?.length) return events.fail(new SubscriptionRefused(errors));
  } catch {
    // said below
  }
  lost(`answered ${response.statusCode} and no event stream`);
}

function parseEvent(block: string): { event: string; data: string } {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (line.startsWith('event:')) event = value;
    else if (line.startsWith('data:')) data.push(value);
  }
  return { event, data: data.join('\n') };
}
