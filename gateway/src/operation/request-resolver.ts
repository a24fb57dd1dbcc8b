import { createHash } from 'node:crypto';
import { DomainError } from '@pulsegraph/kit/errors';
import { LRUCache } from 'lru-cache';
import type { Role, Viewer } from '@pulsegraph/contracts';
import type { GraphQLRequest } from './engine.js';
import { TrustedSet, type TrustedDocuments } from './trusted-set.js';

export interface RequestResolverOptions {
  /** Null: any document may run. */
  trusted: TrustedDocuments | null;
  /** Callers with one of these roles may run any document all the same. */
  escapeRoles?: readonly Role[];
}

const REGISTERED_CHARACTERS = 16 << 20;

/** Turns what a client sent into a document: as it is, by the hash of one sent before (APQ), or by that of a trusted one. */
export class RequestResolver {
  private readonly registered = new LRUCache<string, string>({
    max: 10_000,
    maxSize: REGISTERED_CHARACTERS,
    sizeCalculation: (text) => text.length + 64,
  });

  private trusted: TrustedSet | null;

  constructor(private readonly options: RequestResolverOptions) {
    this.trusted = options.trusted && new TrustedSet(options.trusted);
  }

  /** Clients have published others. Without effect where any document may run. */
  trust(documents: TrustedDocuments): void {
    if (this.trusted) this.trusted = new TrustedSet(documents);
  }

  /** @throws PERSISTED_QUERY_NOT_FOUND, OPERATION_NOT_TRUSTED, or BAD_USER_INPUT for a hash that is not the document's. */
  resolve(request: GraphQLRequest, viewer: Viewer | null): GraphQLRequest {
    const hash = persistedHash(request);
    const { trusted } = this;
    const escapes = viewer !== null && (this.options.escapeRoles ?? []).includes(viewer.role);
    if (trusted && !escapes) {
      if (request.query && trusted.has(request.query)) return request;
      const text = request.query || hash === undefined ? undefined : trusted.textOf(hash);
      if (text === undefined) throw new DomainError('OPERATION_NOT_TRUSTED', 'This document is not among the trusted ones.');
      return { ...request, query: text };
    }
    if (hash === undefined) return request;
    if (request.query) {
      if (sha256(request.query) !== hash)
        throw new DomainError('BAD_USER_INPUT', 'extensions.persistedQuery.sha256Hash: is not the hash of the document', {
          path: 'extensions.persistedQuery.sha256Hash',
        });
      this.registered.set(hash, request.query);
      return request;
    }
    const text = this.registered.get(hash);
    if (text === undefined) {
      // Apollo's links recognise the message.
      throw new DomainError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
    }
    return { ...request, query: text };
  }
}

function persistedHash({ extensions }: GraphQLRequest): string | undefined {
  const persisted = extensions?.persistedQuery as { sha256Hash?: unknown; version?: unknown } | undefined;
  if (persisted === undefined || persisted === null) return undefined;
  const { sha256Hash, version } = persisted;
  if (typeof sha256Hash !== 'string' || !/^[0-9a-f]{64}$/.test(sha256Hash) || (version !== undefined && version !== 1)) {
    throw new DomainError('BAD_USER_INPUT', 'extensions.persistedQuery: needs version 1 and a sha256Hash in hex', {
      path: 'extensions.persistedQuery',
    });
  }
  return sha256Hash;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
