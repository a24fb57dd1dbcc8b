import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { debounced } from '../core/debounced';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { RULE_TABS } from '../core/sections';
import { Session } from '../core/session';
import { Confirm } from '../ui/confirm';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { SeverityMark } from '../ui/severity-mark';
import { AlertRulesDocument, DeleteAlertRuleDocument, SetAlertRuleEnabledDocument, type RulePartsFragment } from './rule-list.generated';

const PAGE = 100;
const SEARCH_AFTER_MS = 250;

/** What raises alerts, in words; for those who may, to be changed. */
@Component({
  selector: 'pg-rule-list',
  imports: [Confirm, Notice, Paging, RouterLink, SectionTabs, SeverityMark],
  templateUrl: './rule-list.html',
  styleUrl: './rule-list.css',
})
export class RuleList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  protected readonly session = inject(Session);
  /** From the address. */
  readonly search = input<string>();

  protected readonly tabs = RULE_TABS;
  protected readonly list = new PagedList<RulePartsFragment>(
    async (after, signal) =>
      (await this.graph.query(AlertRulesDocument, { first: PAGE, after, search: this.search() || null }, signal)).data.alertRules,
  );
  /** Why the last action on a rule was refused. */
  protected readonly refusal = signal<{ id: string; text: string } | null>(null);
  protected readonly deleting = signal<RulePartsFragment | null>(null);
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow(search));

  constructor() {
    effect(() => {
      this.search();
      untracked(() => void this.list.load());
    });
  }

  protected narrow(search: string): void {
    void this.router.navigate([], { queryParams: { search: search.trim() || null }, replaceUrl: true });
  }

  protected setEnabled({ id }: RulePartsFragment, enabled: boolean): Promise<void> {
    return this.run(id, async () =>
      this.list.put((await this.graph.mutate(SetAlertRuleEnabledDocument, { id, enabled })).setAlertRuleEnabled),
    );
  }

  protected delete({ id }: RulePartsFragment): Promise<void> {
    return this.run(id, async () => {
      await this.graph.mutate(DeleteAlertRuleDocument, { id });
      this.list.drop(id);
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
      const rule = this.list.nodes()?.find((other) => other.id === id);
      if (rule) this.list.put({ ...rule });
    }
  }
}
