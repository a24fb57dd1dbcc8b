import type { IncomingMessage } from 'node:http';
import type { GraphQLRequest } from '../operation/engine.js';
import { BadBody, readText } from './read-body.js';

/** A request that is no GraphQL-over-HTTP request, whatever its document says. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  constructor(
    readonly status: 400 | 405 | 406 | 413 | 415,
    message: string,
    readonly details: Record<string, unknown> = {},
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** @throws BadRequest. A list is a batch. */
export async function readParams(request: IncomingMessage, maxBytes: number): Promise<GraphQLRequest | GraphQLRequest[]> {
  if (request.method === 'GET') return paramsOf(fromQuery(request.url ?? ''));
  const type = request.headers['content-type'];
  const match = /^\s*application\/json\s*(?:;\s*charset\s*=\s*"?([\w-]+)"?\s*)?$/i.exec(type ?? '');
  if (!match || (match[1] && !/^utf-?8$/i.test(match[1]))) {
    throw new BadRequest(415, 'Send the request as application/json in UTF-8.', {}, { 'accept-post': 'application/json; charset=utf-8' });
  }
  let text: string;
  try {
    text = await readText(request, maxBytes);
  } catch (error) {
    if (error instanceof BadBody)
      throw new BadRequest(error.status, error.message, error.status === 413 ? { limit: 'bodyBytes', allowed: maxBytes } : {});
    throw error;
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new BadRequest(400, 'The request is not JSON.');
  }
  return Array.isArray(body) ? body.map(paramsOf) : paramsOf(body);
}

function fromQuery(url: string): Record<string, unknown> {
  const mark = url.indexOf('?');
  const search = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const json = (name: string): unknown => {
    const text = search.get(name);
    if (text === null || text === '') return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw new BadRequest(400, `${name}: is not JSON`, { path: name });
    }
  };
  return {
    query: search.get('query') ?? undefined,
    operationName: search.get('operationName') ?? undefined,
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

function paramsOf(body: unknown): GraphQLRequest {
  if (!isObject(body)) throw new BadRequest(400, 'The request is not a JSON object.');
  const { query, operationName, variables, extensions } = body;
  if (extensions !== undefined && extensions !== null && !isObject(extensions))
    throw new BadRequest(400, 'extensions: must be an object', { path: 'extensions' });
  const persisted = isObject(extensions?.persistedQuery);
  if (typeof query !== 'string' && !(persisted && (query === undefined || query === null)))
    throw new BadRequest(400, 'query: must be a string', { path: 'query' });
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw new BadRequest(400, 'operationName: must be a string', { path: 'operationName' });
  if (variables !== undefined && variables !== null && !isObject(variables))
    throw new BadRequest(400, 'variables: must be an object', { path: 'variables' });
  return { query: typeof query === 'string' ? query : '', operationName, variables, extensions };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
