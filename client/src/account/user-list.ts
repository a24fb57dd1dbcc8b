import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { ROLES } from '@pulsegraph/contracts';
import { debounced } from '../core/debounced';
import { errorText } from '../core/error-text';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { Age } from '../ui/age';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { UsersDocument, type UsersQuery } from './user-list.generated';

const PAGE = 50;
const SEARCH_AFTER_MS = 250;

@Component({
  selector: 'pg-user-list',
  imports: [Age, Notice, Paging],
  templateUrl: './user-list.html',
})
export class UserList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  /** From the address. */
  readonly search = input<string>();
  readonly role = input<string>();

  protected readonly roles = ROLES;
  protected readonly words = words;
  protected readonly users = signal<UsersQuery['users']['nodes'] | null>(null);
  protected readonly total = signal(0);
  protected readonly hasMore = signal(false);
  protected readonly busy = signal(false);
  protected readonly failure = signal<string | null>(null);
  private pending = new AbortController();
  private endCursor: string | null = null;
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow({ search }));

  constructor() {
    effect(() => {
      this.search();
      this.role();
      untracked(() => void this.load());
    });
  }

  protected load(): Promise<void> {
    this.endCursor = null;
    return this.fetch([]);
  }

  protected more(): Promise<void> {
    return this.fetch(this.users() ?? []);
  }

  protected narrow(query: { search?: string; role?: string }): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  private async fetch(before: UsersQuery['users']['nodes']): Promise<void> {
    this.pending.abort();
    const { signal: aborted } = (this.pending = new AbortController());
    this.busy.set(true);
    try {
      const role = ROLES.find((known) => known === this.role()) ?? null;
      const variables = { first: PAGE, after: this.endCursor, search: this.search() || null, role };
      const { users } = (await this.graph.query(UsersDocument, variables, aborted)).data;
      if (aborted.aborted) return;
      this.users.set([...before, ...users.nodes]);
      this.total.set(users.totalCount);
      this.hasMore.set(users.pageInfo.hasNextPage);
      this.endCursor = users.pageInfo.endCursor;
      this.failure.set(null);
    } catch (error) {
      if (!aborted.aborted) this.failure.set(errorText(error));
    } finally {
      if (!aborted.aborted) this.busy.set(false);
    }
  }
}
