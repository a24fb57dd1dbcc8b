import { errors } from '../errors/index.js';
import type { PageInfo } from './page-info.type.js';

/** For the whole graph. */
export const MAX_PAGE_SIZE = 1000;

/** Where a page begins: the sort values of the last row seen, in the order of the sort. */
export type Keyset = readonly (string | number | null)[];

export interface Page {
  first: number;
  after: Keyset | null;
}

/** @throws BAD_USER_INPUT naming `first` or `after`. */
export function parsePage(first: number, after: string | null | undefined): Page {
  if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE_SIZE) {
    throw errors.badUserInput('first', `must lie between 1 and ${MAX_PAGE_SIZE}`);
  }
  return { first, after: after == null ? null : decodeKeyset(after) };
}

export function encodeKeyset(keyset: Keyset): string {
  return Buffer.from(JSON.stringify(keyset)).toString('base64url');
}

function decodeKeyset(cursor: string): Keyset {
  try {
    const keyset: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const valid = Array.isArray(keyset) && keyset.every((part) => part === null || typeof part === 'string' || typeof part === 'number');
    if (valid) return keyset as Keyset;
  } catch {
    // falls through to the one answer for all that is no cursor of ours
  }
  throw errors.badUserInput('after', 'is no cursor of this list');
}

export interface Connection<T> {
  nodes: T[];
  edges: { cursor: string; node: T }[];
  pageInfo: PageInfo;
}

/** @param rows One more than the page asks for where there is more: read `first + 1`. */
export function toConnection<T>(rows: readonly T[], page: Page, keysetOf: (row: T) => Keyset): Connection<T> {
  const nodes = rows.slice(0, page.first);
  const edges = nodes.map((node) => ({ cursor: encodeKeyset(keysetOf(node)), node }));
  return {
    nodes,
    edges,
    pageInfo: {
      hasNextPage: rows.length > page.first,
      hasPreviousPage: page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
