import { signal } from '@angular/core';
import { errorText } from './error-text';

export interface Page<T> {
  nodes: readonly T[];
  totalCount?: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** A list that comes in pages. A newer question ends the older one, so an answer never lands in the wrong list. */
export class PagedList<T extends { id: string }> {
  /** Null until the first answer. */
  readonly nodes = signal<readonly T[] | null>(null);
  /** Null where the graph does not count. */
  readonly total = signal<number | null>(null);
  readonly hasMore = signal(false);
  readonly busy = signal(false);
  readonly failure = signal<string | null>(null);
  private pending = new AbortController();
  private endCursor: string | null = null;

  constructor(private readonly ask: (after: string | null, signal: AbortSignal) => Promise<Page<T>>) {}

  load(): Promise<void> {
    this.endCursor = null;
    return this.fetch([]);
  }

  more(): Promise<void> {
    return this.fetch(this.nodes() ?? []);
  }

  /** Where it stands, or first when it is new. */
  put(node: T): void {
    const known = this.nodes()?.some(({ id }) => id === node.id);
    this.nodes.update((nodes) => (known ? (nodes ?? []).map((other) => (other.id === node.id ? node : other)) : [node, ...(nodes ?? [])]));
    if (!known) this.count(1);
  }

  drop(...ids: readonly string[]): void {
    const before = this.nodes()?.length ?? 0;
    this.nodes.update((nodes) => nodes && nodes.filter(({ id }) => !ids.includes(id)));
    this.count((this.nodes()?.length ?? 0) - before);
  }

  count(by: number): void {
    this.total.update((total) => (total === null ? null : Math.max(0, total + by)));
  }

  private async fetch(before: readonly T[]): Promise<void> {
    this.pending.abort();
    const { signal: aborted } = (this.pending = new AbortController());
    this.busy.set(true);
    try {
      const { nodes, totalCount, pageInfo } = await this.ask(this.endCursor, aborted);
      if (aborted.aborted) return;
      const fresh = new Set(nodes.map(({ id }) => id));
      this.nodes.set([...before.filter(({ id }) => !fresh.has(id)), ...nodes]);
      this.total.set(totalCount ?? null);
      this.hasMore.set(pageInfo.hasNextPage);
      this.endCursor = pageInfo.endCursor;
      this.failure.set(null);
    } catch (error) {
      if (!aborted.aborted) this.failure.set(errorText(error));
    } finally {
      if (!aborted.aborted) this.busy.set(false);
    }
  }
}
