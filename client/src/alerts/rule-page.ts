import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { SEVERITIES, unitSymbol } from '@pulsegraph/contracts';
import { Attempt } from '../core/attempt';
import { Choices, type ProfileChoice } from '../core/choices';
import { hasCode, RequestFailed } from '../core/faults';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { PageTitle } from '../core/page-title';
import { Session } from '../core/session';
import type { AlertRuleInput } from '../core/schema.generated';
import { Notice } from '../ui/notice';
import { Backtest } from './backtest';
import { blank, draftOf } from './condition-draft';
import { ConditionEditor } from './condition-editor';
import {
  AlertRuleDocument,
  CreateAlertRuleDocument,
  PolicyChoicesDocument,
  UpdateAlertRuleDocument,
  type PolicyChoicesQuery,
  type RuleDetailFragment,
} from './rule-page.generated';
import { TargetEditor } from './target-editor';

/** One rule, new or as it is. */
@Component({
  selector: 'pg-rule-page',
  imports: [Backtest, ConditionEditor, Notice, RouterLink, TargetEditor],
  templateUrl: './rule-page.html',
})
export class RulePage {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  private readonly title = inject(PageTitle);
  protected readonly session = inject(Session);
  /** From the address; `new` for a rule that is not yet. */
  readonly id = input.required<string>();
  protected readonly isNew = computed(() => this.id() === 'new');

  protected readonly severities = SEVERITIES;
  protected readonly words = words;
  protected readonly rule = signal<RuleDetailFragment | null>(null);
  protected readonly draft = signal<AlertRuleInput | null>(null);
  /** What somebody else saved in the meantime. */
  protected readonly theirs = signal<RuleDetailFragment | null>(null);
  protected readonly loading = new Attempt();
  protected readonly saving = new Attempt({ CONFLICT: 'Somebody else saved this rule in the meantime.' });
  protected readonly saved = signal(false);
  protected readonly profiles = signal<readonly ProfileChoice[]>([]);
  protected readonly policies = signal<PolicyChoicesQuery['escalationPolicies']['nodes']>([]);
  private readonly metrics = computed(() => this.profiles().flatMap(({ metrics }) => metrics));
  protected readonly units = computed(() => new Map(this.metrics().map(({ metric, unit }) => [metric, unit])));
  /** Every metric some profile knows, for the suggestions. */
  protected readonly suggestions = computed(() => {
    const text = new Map(this.metrics().map(({ metric, name, unit }) => [metric, `${name} ${unitSymbol(unit)}`.trim()]));
    return [...text].map(([metric, label]) => ({ metric, label }));
  });

  constructor() {
    inject(Choices)
      .profiles()
      .then(
        (profiles) => this.profiles.set(profiles),
        () => undefined, // Metrics can be typed; the target says what is missing.
      );
    this.graph.query(PolicyChoicesDocument, {}).then(
      ({ data }) => this.policies.set(data.escalationPolicies.nodes),
      () => undefined, // The one there is stays.
    );
    effect(() => {
      const id = this.id();
      untracked(() => {
        // Made just now: its address came after it.
        if (this.rule()?.id === id) return;
        this.rule.set(null);
        this.saved.set(false);
        this.draft.set(id !== 'new' ? null : { name: '', severity: 'MEDIUM', enabled: false, target: {}, condition: blank('threshold') });
        if (id !== 'new') void this.load(id);
      });
    });
    // A new rule is for the first profile until somebody says otherwise.
    effect(() => {
      const [profile] = this.profiles();
      const draft = this.draft();
      if (profile && draft && !this.rule() && Object.keys(draft.target).length === 0) this.patch({ target: { profileId: profile.id } });
    });
  }

  protected async load(id: string): Promise<void> {
    await this.loading.run(async () => {
      const rule = await this.read(id);
      if (id === this.id()) this.take(rule);
    });
  }

  protected patch(fields: Partial<AlertRuleInput>): void {
    this.saved.set(false);
    this.draft.update((draft) => draft && { ...draft, ...fields });
  }

  protected async save(event: Event | null): Promise<void> {
    event?.preventDefault();
    const [rule, input] = [this.rule(), this.draft()];
    if (!input) return;
    await this.saving.run(async () => {
      if (!rule) {
        const { createAlertRule } = await this.graph.mutate(CreateAlertRuleDocument, { input });
        this.take(createAlertRule);
        await this.router.navigate(['/rules', createAlertRule.id], { replaceUrl: true });
        return this.saved.set(true);
      }
      try {
        const variables = { id: rule.id, input, expectedVersion: rule.version };
        this.take((await this.graph.mutate(UpdateAlertRuleDocument, variables)).updateAlertRule);
        this.saved.set(true);
      } catch (error) {
        if (hasCode(error, 'CONFLICT')) this.theirs.set(await this.read(rule.id));
        throw error;
      }
    });
  }

  protected takeTheirs(): void {
    const theirs = this.theirs();
    if (theirs) this.take(theirs);
  }

  protected async saveOverTheirs(): Promise<void> {
    const theirs = this.theirs();
    if (!theirs) return;
    this.rule.set(theirs);
    this.theirs.set(null);
    await this.save(null);
  }

  private async read(id: string): Promise<RuleDetailFragment> {
    const { data, error } = await this.graph.query(AlertRuleDocument, { id });
    if (!data.alertRule) throw error ?? new RequestFailed([{ code: 'NOT_FOUND', message: '' }]);
    return data.alertRule;
  }

  private take(rule: RuleDetailFragment): void {
    const { name, severity, enabled, target, condition, escalationPolicy } = rule;
    const { deviceIds, profileId, assetId, labels } = target;
    this.rule.set(rule);
    this.theirs.set(null);
    this.saving.refusal.set(null);
    this.draft.set({
      name,
      severity,
      enabled,
      target: { deviceIds, profileId, assetId, labels },
      condition: draftOf(condition),
      escalationPolicyId: escalationPolicy?.id ?? null,
    });
    this.title.set(name);
  }
}
