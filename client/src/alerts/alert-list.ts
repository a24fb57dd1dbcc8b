import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { Router } from '@angular/router';
import { SEVERITIES } from '@pulsegraph/contracts';
import type { AlertPartsFragment } from '../core/alert.generated';
import { AlertActions, type AlertAction } from '../core/alert-actions';
import { AlertFeed, type AlertChange } from '../core/alert-feed';
import { debounced } from '../core/debounced';
import { errorText } from '../core/error-text';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { Session } from '../core/session';
import { AlertRow } from '../ui/alert-row';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { filterOf, matches, parseCriteria, upserted, type StatusChoice } from './alert-criteria';
import { AlertListDocument } from './alert-list.generated';

const PAGE = 50;
const SEARCH_AFTER_MS = 250;
const STATUSES: readonly { value: StatusChoice; name: string }[] = [
  { value: 'open', name: 'Open' },
  { value: 'TRIGGERED', name: 'Not acknowledged' },
  { value: 'ACKNOWLEDGED', name: 'Acknowledged' },
  { value: 'ESCALATED', name: 'Escalated' },
  { value: 'RESOLVED', name: 'Resolved' },
  { value: 'all', name: 'All' },
];

/** Alerts, newest first, as they change. The filters live in the address. */
@Component({
  selector: 'pg-alert-list',
  imports: [AlertRow, Notice, Paging],
  templateUrl: './alert-list.html',
  styles: `
    li + li {
      border-top: 1px solid var(--line);
    }
  `,
})
export class AlertList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  protected readonly actions = inject(AlertActions);
  protected readonly feed = inject(AlertFeed);

  /** From the address. */
  readonly status = input<string>();
  readonly severity = input<string>();
  readonly search = input<string>();

  protected readonly statuses = STATUSES;
  protected readonly severities = SEVERITIES;
  protected readonly words = words;
  protected readonly criteria = computed(() => parseCriteria({ status: this.status(), severity: this.severity(), search: this.search() }), {
    equal: (a, b) => a.status === b.status && a.severity === b.severity && a.search === b.search,
  });
  protected readonly alerts = signal<readonly AlertPartsFragment[] | null>(null);
  protected readonly total = signal(0);
  protected readonly hasMore = signal(false);
  protected readonly busy = signal(false);
  protected readonly failure = signal<string | null>(null);
  private pending = new AbortController();
  private endCursor: string | null = null;
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow({ search }));

  constructor() {
    const session = inject(Session);
    effect(() => {
      this.criteria();
      session.generation();
      untracked(() => void this.load());
    });
    this.feed.changes.pipe(takeUntilDestroyed()).subscribe((change) => this.take(change));
    this.feed.restarted.pipe(takeUntilDestroyed()).subscribe(() => void this.load());
  }

  protected load(): Promise<void> {
    this.endCursor = null;
    return this.fetch([]);
  }

  protected more(): Promise<void> {
    return this.fetch(this.alerts() ?? []);
  }

  protected narrow(query: { status?: string; severity?: string; search?: string }): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  protected async act(action: AlertAction, id: string, note: string): Promise<void> {
    const alert = await this.actions.run(action, id, note);
    if (alert) this.alerts.update((alerts) => alerts && upserted(alerts, alert, this.criteria()));
  }

  private async fetch(before: readonly AlertPartsFragment[]): Promise<void> {
    this.pending.abort();
    const { signal: aborted } = (this.pending = new AbortController());
    this.busy.set(true);
    try {
      const variables = { first: PAGE, after: this.endCursor, filter: filterOf(this.criteria()) };
      const { alerts } = (await this.graph.query(AlertListDocument, variables, aborted)).data;
      if (aborted.aborted) return;
      const fresh = new Set(alerts.nodes.map(({ id }) => id));
      this.alerts.set([...before.filter(({ id }) => !fresh.has(id)), ...alerts.nodes]);
      this.total.set(alerts.totalCount);
      this.hasMore.set(alerts.pageInfo.hasNextPage);
      this.endCursor = alerts.pageInfo.endCursor;
      this.failure.set(null);
    } catch (error) {
      if (!aborted.aborted) this.failure.set(errorText(error));
    } finally {
      if (!aborted.aborted) this.busy.set(false);
    }
  }

  private take({ alert }: AlertChange): void {
    const listed = this.alerts();
    if (!listed) return;
    const was = listed.some(({ id }) => id === alert.id);
    const is = matches(alert, this.criteria());
    this.alerts.set(upserted(listed, alert, this.criteria()));
    if (was !== is) this.total.update((n) => Math.max(0, n + (is ? 1 : -1)));
  }
}
