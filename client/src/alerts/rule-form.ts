import { Component, computed, inject, input, output, signal, linkedSignal } from '@angular/core';
import { SEVERITIES, unitSymbol, type Severity } from '@pulsegraph/contracts';
import { Choices, type AssetChoice, type ProfileChoice } from '../core/choices';
import { durationMs, isoDuration } from '../core/durations';
import { errorText } from '../core/error-text';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { labelText, parseLabels } from '../core/labels';
import type { AlertRuleInput, ConditionInput, RuleTargetInput } from '../core/schema.generated';
import { Modal } from '../ui/modal';
import {
  CreateAlertRuleDocument,
  DeviceChoicesDocument,
  UpdateAlertRuleDocument,
  type DeviceChoicesQuery,
  type RulePartsFragment,
} from './rule-list.generated';

type Kind = 'threshold' | 'offline';
type TargetKind = 'profile' | 'asset' | 'device' | 'label';

/** A threshold or an offline rule, new or changed. */
@Component({
  selector: 'pg-rule-form',
  imports: [Modal],
  templateUrl: './rule-form.html',
})
export class RuleForm {
  private readonly graph = inject(Graph);
  readonly rule = input.required<RulePartsFragment | null>();
  readonly saved = output<RulePartsFragment>();
  readonly closed = output();

  protected readonly severities = SEVERITIES;
  protected readonly words = words;
  protected readonly profiles = signal<readonly ProfileChoice[]>([]);
  protected readonly assets = signal<readonly AssetChoice[]>([]);
  protected readonly devices = signal<DeviceChoicesQuery['devices']['nodes']>([]);
  protected readonly busy = signal(false);
  protected readonly refusal = signal<string | null>(null);

  protected readonly kind = linkedSignal<Kind>(() => (this.rule()?.condition.offline ? 'offline' : 'threshold'));
  private readonly targetBefore = computed(() => kindOf(this.rule()?.target ?? null));
  protected readonly targetKind = linkedSignal<TargetKind>(() => this.targetBefore() ?? 'profile');
  protected readonly labels = computed(() => {
    const labels = (this.rule()?.target.labels ?? {}) as Record<string, string>;
    return labelText(Object.entries(labels).map(([key, value]) => ({ key, value })));
  });
  protected readonly threshold = computed(() => this.rule()?.condition.threshold ?? null);
  protected readonly offline = computed(() => this.rule()?.condition.offline ?? null);
  protected readonly deviceIds = computed(() => new Set(this.rule()?.target.deviceIds ?? []));
  /** Every metric some profile knows, for the suggestions. */
  protected readonly metrics = computed(() => {
    const byName = new Map(
      this.profiles()
        .flatMap(({ metrics }) => metrics)
        .map((metric) => [metric.metric, `${metric.name}${metric.unit === '1' ? '' : `, ${unitSymbol(metric.unit)}`}`]),
    );
    return [...byName].map(([metric, label]) => ({ metric, label }));
  });

  constructor() {
    const choices = inject(Choices);
    const failed = (error: unknown): void => this.refusal.set(errorText(error));
    choices.profiles().then((profiles) => this.profiles.set(profiles), failed);
    choices.assets().then((assets) => this.assets.set(assets), failed);
    this.graph.query(DeviceChoicesDocument, {}).then(({ data }) => this.devices.set(data.devices.nodes), failed);
  }

  protected seconds(duration: string | null | undefined): number | '' {
    const ms = duration ? durationMs(duration) : null;
    return ms === null ? '' : ms / 1_000;
  }

  protected async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy()) return;
    const form = new FormData(event.target as HTMLFormElement);
    this.busy.set(true);
    this.refusal.set(null);
    try {
      const rule = this.rule();
      const input = this.inputOf(form);
      this.saved.emit(
        rule
          ? (await this.graph.mutate(UpdateAlertRuleDocument, { id: rule.id, input, expectedVersion: rule.version })).updateAlertRule
          : (await this.graph.mutate(CreateAlertRuleDocument, { input })).createAlertRule,
      );
    } catch (error) {
      this.refusal.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }

  private inputOf(form: FormData): AlertRuleInput {
    return {
      name: text(form, 'name'),
      severity: text(form, 'severity') as Severity,
      enabled: this.rule()?.enabled ?? true,
      target: this.targetOf(form),
      condition: this.conditionOf(form),
    };
  }

  /** A target may have several parts, which all must fit; the form changes one and leaves the others. */
  private targetOf(form: FormData): RuleTargetInput {
    const before = this.rule()?.target;
    const kept = before && this.targetKind() === this.targetBefore() ? pick(before) : {};
    switch (this.targetKind()) {
      case 'profile':
        return { ...kept, profileId: text(form, 'profileId') };
      case 'asset':
        return { ...kept, assetId: text(form, 'assetId') };
      case 'device':
        return { ...kept, deviceIds: form.getAll('deviceIds').map(String) };
      case 'label':
        return { ...kept, labels: Object.fromEntries(parseLabels(text(form, 'labels')).map(({ key, value }) => [key, value])) };
    }
  }

  private conditionOf(form: FormData): ConditionInput {
    if (this.kind() === 'offline') {
      const after = number(form, 'after');
      return { offline: { metric: text(form, 'offlineMetric') || null, after: after === null ? null : isoDuration(after) } };
    }
    return {
      threshold: {
        metric: text(form, 'metric'),
        above: number(form, 'above'),
        below: number(form, 'below'),
        for: isoDuration(number(form, 'for') ?? 0),
        hysteresis: number(form, 'hysteresis') ?? 0,
        clearAfter: isoDuration(number(form, 'clearAfter') ?? 0),
      },
    };
  }
}

type Target = RulePartsFragment['target'];

function kindOf(target: Target | null): TargetKind | null {
  if (target?.deviceIds?.length) return 'device';
  if (target?.profileId) return 'profile';
  if (target?.assetId) return 'asset';
  return target?.labels ? 'label' : null;
}

function pick({ deviceIds, profileId, assetId, labels }: Target): RuleTargetInput {
  return { deviceIds, profileId, assetId, labels };
}

function text(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}

function number(form: FormData, name: string): number | null {
  const value = text(form, name);
  return value === '' ? null : Number(value);
}
