/** The messages of graphql-transport-ws that a client sends. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export type ClientMessage =
  | { type: 'connection_init'; payload: Record<string, unknown> | null }
  | { type: 'ping' | 'pong'; payload: Record<string, unknown> | null }
  | { type: 'subscribe'; id: string; payload: SubscribePayload }
  | { type: 'complete'; id: string };

export interface SubscribePayload {
  query: string;
  operationName: string | null;
  variables: Record<string, unknown> | null;
  extensions: Record<string, unknown> | null;
}

export const SUBPROTOCOL = 'graphql-transport-ws';

/** Close codes of the protocol, and the two of WebSocket itself after which clients come back. */
export const CloseCode = {
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadRequest: 4400,
  Unauthorized: 4401,
  Forbidden: 4403,
  SubprotocolNotAcceptable: 4406,
  ConnectionInitialisationTimeout: 4408,
  SubscriberAlreadyExists: 4409,
  TooManyInitialisationRequests: 4429,
  InternalServerError: 4500,
} as const;

export class BadMessage extends Error {
  override readonly name = 'BadMessage';
}

/** @throws BadMessage, whose words fit the reason of a close frame. */
export function parseMessage(text: string): ClientMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new BadMessage('Message is not JSON');
  }
  if (!isObject(message)) throw new BadMessage('Message is not an object');
  const { type, id, payload } = message;
  switch (type) {
    case 'connection_init':
    case 'ping':
    case 'pong':
      if (payload !== undefined && payload !== null && !isObject(payload)) throw new BadMessage(`"${type}" payload is not an object`);
      return { type, payload: payload ?? null };
    case 'subscribe':
      return { type, id: idOf(id), payload: subscribePayload(payload) };
    case 'complete':
      return { type, id: idOf(id) };
    default:
      throw new BadMessage('Message has no valid type');
  }
}

function subscribePayload(payload: unknown): SubscribePayload {
  if (!isObject(payload)) throw new BadMessage('"subscribe" payload is not an object');
  const { query, operationName, variables, extensions } = payload;
  const persisted = isObject(extensions) && isObject(extensions.persistedQuery);
  if (typeof query !== 'string' && !(persisted && (query === undefined || query === null)))
    throw new BadMessage('"subscribe" query is not a string');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw new BadMessage('"subscribe" operationName is not a string');
  if (variables !== undefined && variables !== null && !isObject(variables)) throw new BadMessage('"subscribe" variables is not an object');
  if (extensions !== undefined && extensions !== null && !isObject(extensions))
    throw new BadMessage('"subscribe" extensions is not an object');
  return {
    query: typeof query === 'string' ? query : '',
    operationName: operationName ?? null,
    variables: variables ?? null,
    extensions: extensions ?? null,
  };
}

function idOf(id: unknown): string {
  if (typeof id !== 'string' || id === '') throw new BadMessage('Message id is not a string');
  if (id.length > 256) throw new BadMessage('Message id is longer than 256');
  return id;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
