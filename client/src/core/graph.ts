import { inject, Injectable } from '@angular/core';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { Apollo } from 'apollo-angular';
import { firstValueFrom, fromEvent, takeUntil, type Observable, map, filter } from 'rxjs';

type Variables = Record<string, unknown>;

/** Part of an answer may be missing because one part of the platform is away; the rest is still worth showing. */
export interface Answer<D> {
  data: D;
  /** What went wrong beside it; null for a whole answer. */
  error: unknown;
}

/** Typed documents in, plain promises and streams out. */
@Injectable({ providedIn: 'root' })
export class Graph {
  private readonly apollo = inject(Apollo);

  /**
   * Fresh from the server, past the cache. Rejects when nothing of the answer is there.
   * @param signal Ends the request when nobody wants it any more.
   */
  async query<D, V extends Variables>(query: TypedDocumentNode<D, V>, variables: V, signal?: AbortSignal): Promise<Answer<D>> {
    const answer$ = this.apollo.query<D, V>({ query, variables, fetchPolicy: 'no-cache', errorPolicy: 'all' });
    const { data, error } = await firstValueFrom(signal ? answer$.pipe(takeUntil(fromEvent(signal, 'abort'))) : answer$);
    const nothing = !data || Object.values(data).every((value) => value === null);
    if (error && nothing) throw error;
    return { data: data as D, error: error ?? null };
  }

  /** Choices that hardly change: from the cache when they are there. */
  async cached<D, V extends Variables>(query: TypedDocumentNode<D, V>, variables: V): Promise<D> {
    const { data, error } = await firstValueFrom(
      this.apollo.query<D, V>({ query, variables, fetchPolicy: 'cache-first', errorPolicy: 'none' }),
    );
    if (error) throw error;
    return data as D;
  }

  async mutate<D, V extends Variables>(mutation: TypedDocumentNode<D, V>, variables: V): Promise<D> {
    const { data, error } = await firstValueFrom(
      this.apollo.mutate<D, V>({ mutation, variables, fetchPolicy: 'no-cache', errorPolicy: 'none' }),
    );
    if (error) throw error;
    return data as D;
  }

  /**
   * Events past the cache: at telemetry rates, normalising each one costs hundreds of times what showing it does.
   * Resumes by cursor (see live-link); errors only when asking again is pointless.
   */
  live<D, V extends Variables>(query: TypedDocumentNode<D, V>, variables: V): Observable<D> {
    return this.apollo.subscribe<D, V>({ query, variables, fetchPolicy: 'no-cache', errorPolicy: 'all' }).pipe(
      map(({ data, error }) => {
        if (error && !data) throw error;
        return data as D;
      }),
      filter((data) => data !== null && data !== undefined),
    );
  }

  /** Forget cached choices of one kind, after they changed. */
  forget(field: string): void {
    const { cache } = this.apollo.client;
    cache.evict({ id: 'ROOT_QUERY', fieldName: field });
    cache.gc();
  }
}
