import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { Router } from '@angular/router';
import { SEVERITIES } from '@pulsegraph/contracts';
import type { AlertPartsFragment } from '../core/alert.generated';
import { AlertActions, type AlertAction } from '../core/alert-actions';
import { AlertFeed, type AlertChange } from '../core/alert-feed';
import { Attempt } from '../core/attempt';
import { debounced } from '../core/debounced';
import { codeText } from '../core/error-text';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { Session } from '../core/session';
import { AlertRow } from '../ui/alert-row';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { ALERT_TABS } from '../core/sections';
import { filterOf, isWorstFirst, matches, parseCriteria, upserted, type StatusChoice } from './alert-criteria';
import { AcknowledgeAlertsDocument, AlertListDocument } from './alert-list.generated';

const PAGE = 50;
const SEARCH_AFTER_MS = 250;
/** As the graph allows. */
const MOST_AT_ONCE = 500;
const STATUSES: readonly { value: StatusChoice; name: string }[] = [
  { value: 'open', name: 'Open' },
  { value: 'TRIGGERED', name: 'Not acknowledged' },
  { value: 'ACKNOWLEDGED', name: 'Acknowledged' },
  { value: 'ESCALATED', name: 'Escalated' },
  { value: 'RESOLVED', name: 'Resolved' },
  { value: 'all', name: 'All' },
];

/** Alerts as they change, open ones worst first. The filters live in the address. */
@Component({
  selector: 'pg-alert-list',
  imports: [AlertRow, Notice, Paging, SectionTabs],
  templateUrl: './alert-list.html',
  styleUrl: './alert-list.css',
})
export class AlertList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  protected readonly actions = inject(AlertActions);
  protected readonly session = inject(Session);
  private readonly feed = inject(AlertFeed);

  /** From the address. */
  readonly status = input<string>();
  readonly severity = input<string>();
  readonly search = input<string>();

  protected readonly tabs = ALERT_TABS;
  protected readonly statuses = STATUSES;
  protected readonly severities = SEVERITIES;
  protected readonly words = words;
  protected readonly criteria = computed(() => parseCriteria({ status: this.status(), severity: this.severity(), search: this.search() }), {
    equal: (a, b) => a.status === b.status && a.severity === b.severity && a.search === b.search,
  });
  protected readonly worstFirst = computed(() => isWorstFirst(this.criteria()));
  protected readonly list = new PagedList<AlertPartsFragment>(async (after, signal) => {
    const orderBy = this.worstFirst() ? ('SEVERITY' as const) : ('NEWEST' as const);
    const variables = { first: PAGE, after, filter: filterOf(this.criteria()), orderBy };
    return (await this.graph.query(AlertListDocument, variables, signal)).data.alerts;
  });
  /** Chosen to be acknowledged together; those that left the list count no more. */
  private readonly picked = signal<ReadonlySet<string>>(new Set());
  protected readonly waiting = computed(() => (this.list.nodes() ?? []).filter(isWaiting));
  protected readonly chosen = computed(() => this.waiting().filter(({ id }) => this.picked().has(id)));
  protected readonly bulk = new Attempt();
  protected readonly outcome = signal<string | null>(null);
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow({ search }));

  constructor() {
    effect(() => {
      this.criteria();
      this.session.generation();
      untracked(() => void this.list.load());
    });
    this.feed.changes.pipe(takeUntilDestroyed()).subscribe((change) => this.take(change));
    this.feed.restarted.pipe(takeUntilDestroyed()).subscribe(() => void this.list.load());
  }

  protected narrow(query: { status?: string; severity?: string; search?: string }): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  protected async act(action: AlertAction, id: string, note: string): Promise<void> {
    const alert = await this.actions.run(action, id, note);
    if (alert) this.place(alert);
  }

  protected pick(id: string, wanted: boolean): void {
    this.picked.update((ids) => new Set(wanted ? [...ids, id] : [...ids].filter((other) => other !== id)));
  }

  protected pickAll(wanted: boolean): void {
    this.picked.set(new Set(wanted ? this.waiting().map(({ id }) => id) : []));
  }

  protected async acknowledgeChosen(): Promise<void> {
    const ids = this.chosen()
      .map(({ id }) => id)
      .slice(0, MOST_AT_ONCE);
    this.outcome.set(null);
    await this.bulk.run(async () => {
      const { acknowledged, refused } = (await this.graph.mutate(AcknowledgeAlertsDocument, { ids })).acknowledgeAlerts;
      for (const alert of acknowledged) this.place(alert);
      this.picked.set(new Set());
      const reasons = [...new Set(refused.map(({ code }) => codeText(code)))].join(' ');
      this.outcome.set(`${acknowledged.length} acknowledged.${refused.length > 0 ? ` ${refused.length} were not: ${reasons}` : ''}`);
    });
  }

  private take({ alert }: AlertChange): void {
    if (this.list.nodes()) this.place(alert);
  }

  private place(alert: AlertPartsFragment): void {
    const listed = this.list.nodes() ?? [];
    const was = listed.some(({ id }) => id === alert.id);
    const is = matches(alert, this.criteria());
    this.list.nodes.set(upserted(listed, alert, this.criteria()));
    if (was !== is) this.list.count(is ? 1 : -1);
  }
}

function isWaiting({ status }: AlertPartsFragment): boolean {
  return status === 'TRIGGERED' || status === 'ESCALATED';
}
