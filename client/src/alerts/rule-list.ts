import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { debounced } from '../core/debounced';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { Session } from '../core/session';
import { Modal } from '../ui/modal';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SeverityMark } from '../ui/severity-mark';
import { RuleForm } from './rule-form';
import { AlertRulesDocument, DeleteAlertRuleDocument, SetAlertRuleEnabledDocument, type RulePartsFragment } from './rule-list.generated';

const PAGE = 100;
const SEARCH_AFTER_MS = 250;

/** What raises alerts, in words; for those who may, to be changed. */
@Component({
  selector: 'pg-rule-list',
  imports: [Modal, Notice, Paging, RuleForm, SeverityMark],
  templateUrl: './rule-list.html',
  styleUrl: './rule-list.css',
})
export class RuleList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  protected readonly session = inject(Session);
  /** From the address. */
  readonly search = input<string>();

  protected readonly rules = signal<readonly RulePartsFragment[] | null>(null);
  protected readonly total = signal(0);
  protected readonly hasMore = signal(false);
  protected readonly busy = signal(false);
  protected readonly failure = signal<string | null>(null);
  protected readonly refusal = signal<{ id: string; text: string } | null>(null);
  /** `new`, or the rule being edited. */
  protected readonly editing = signal<RulePartsFragment | 'new' | null>(null);
  protected readonly deleting = signal<RulePartsFragment | null>(null);
  private pending = new AbortController();
  private endCursor: string | null = null;
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow(search));

  constructor() {
    effect(() => {
      this.search();
      untracked(() => void this.load());
    });
  }

  protected load(): Promise<void> {
    this.endCursor = null;
    return this.fetch([]);
  }

  protected more(): Promise<void> {
    return this.fetch(this.rules() ?? []);
  }

  protected narrow(search: string): void {
    void this.router.navigate([], { queryParams: { search: search.trim() || null }, replaceUrl: true });
  }

  /** Rules with conditions this form does not know are shown in words only. */
  protected editable({ condition }: RulePartsFragment): boolean {
    return condition.threshold !== null || condition.offline !== null;
  }

  protected saved(rule: RulePartsFragment): void {
    const known = this.rules()?.some(({ id }) => id === rule.id);
    this.rules.update((rules) => (known ? (rules ?? []).map((other) => (other.id === rule.id ? rule : other)) : [rule, ...(rules ?? [])]));
    if (!known) this.total.update((n) => n + 1);
    this.editing.set(null);
  }

  protected setEnabled({ id }: RulePartsFragment, enabled: boolean): Promise<void> {
    return this.run(id, async () =>
      this.saved((await this.graph.mutate(SetAlertRuleEnabledDocument, { id, enabled })).setAlertRuleEnabled),
    );
  }

  protected delete({ id }: RulePartsFragment): Promise<void> {
    return this.run(id, async () => {
      await this.graph.mutate(DeleteAlertRuleDocument, { id });
      this.rules.update((rules) => (rules ?? []).filter((rule) => rule.id !== id));
      this.total.update((n) => n - 1);
      this.deleting.set(null);
    });
  }

  private async run(id: string, work: () => Promise<void>): Promise<void> {
    this.refusal.set(null);
    try {
      await work();
    } catch (error) {
      this.refusal.set({ id, text: errorText(error) });
      // A toggle that was refused must show what is, not what was asked for.
      this.rules.update((rules) => rules && rules.map((rule) => (rule.id === id ? { ...rule } : rule)));
    }
  }

  private async fetch(before: readonly RulePartsFragment[]): Promise<void> {
    this.pending.abort();
    const { signal: aborted } = (this.pending = new AbortController());
    this.busy.set(true);
    try {
      const variables = { first: PAGE, after: this.endCursor, search: this.search() || null };
      const { alertRules } = (await this.graph.query(AlertRulesDocument, variables, aborted)).data;
      if (aborted.aborted) return;
      this.rules.set([...before, ...alertRules.nodes]);
      this.total.set(alertRules.totalCount);
      this.hasMore.set(alertRules.pageInfo.hasNextPage);
      this.endCursor = alertRules.pageInfo.endCursor;
      this.failure.set(null);
    } catch (error) {
      if (!aborted.aborted) this.failure.set(errorText(error));
    } finally {
      if (!aborted.aborted) this.busy.set(false);
    }
  }
}
