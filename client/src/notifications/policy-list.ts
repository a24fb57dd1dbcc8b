import { Component, inject, signal } from '@angular/core';
import { durationMs } from '../core/durations';
import { formatAge } from '../core/format';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { RULE_TABS } from '../core/sections';
import { Session } from '../core/session';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { EscalationPoliciesDocument, type PolicyPartsFragment } from './policies.generated';
import { PolicyForm } from './policy-form';

const PAGE = 50;

/** Who is told when, as long as nobody has acknowledged. */
@Component({
  selector: 'pg-policy-list',
  imports: [Notice, Paging, PolicyForm, SectionTabs],
  templateUrl: './policy-list.html',
})
export class PolicyList {
  private readonly graph = inject(Graph);
  protected readonly session = inject(Session);
  protected readonly tabs = RULE_TABS;
  protected readonly list = new PagedList<PolicyPartsFragment>(
    async (after, signal) => (await this.graph.query(EscalationPoliciesDocument, { first: PAGE, after }, signal)).data.escalationPolicies,
  );
  protected readonly editing = signal<PolicyPartsFragment | 'new' | null>(null);

  constructor() {
    void this.list.load();
  }

  protected saved(policy: PolicyPartsFragment): void {
    this.list.put(policy);
    this.editing.set(null);
  }

  protected when(after: string): string {
    const ms = durationMs(after) ?? 0;
    return ms === 0 ? 'At once' : `After ${formatAge(ms)}`;
  }

  protected who({ channels, users }: PolicyPartsFragment['steps'][number]): string {
    const people = users.flatMap((user) => (user ? [user.displayName] : []));
    return [...channels.map(({ name }) => name), ...people].join(', ');
  }
}
