import { NgTemplateOutlet } from '@angular/common';
import { Component, computed, forwardRef, input, linkedSignal, output } from '@angular/core';
import { unitSymbol } from '@pulsegraph/contracts';
import { words } from '../core/format';
import type { ConditionInput } from '../core/schema.generated';
import { DurationField } from '../ui/duration-field';
import {
  blank,
  changedTo,
  DEEPEST,
  GROUP_KINDS,
  KIND_NAMES,
  kindOf,
  LEAF_KINDS,
  MOST_PARTS,
  type ConditionKind,
  type LeafKind,
} from './condition-draft';

/** One condition of whatever kind; a group holds editors of its own. */
@Component({
  selector: 'pg-condition-editor',
  imports: [DurationField, NgTemplateOutlet, forwardRef(() => ConditionEditor)],
  templateUrl: './condition-editor.html',
  styleUrl: './condition-editor.css',
})
export class ConditionEditor {
  readonly condition = input.required<ConditionInput>();
  /** Unit by metric, for what is typed. */
  readonly units = input.required<ReadonlyMap<string, string>>();
  readonly depth = input(0);
  readonly changed = output<ConditionInput>();

  protected readonly names = KIND_NAMES;
  protected readonly mostParts = MOST_PARTS;
  protected readonly sensitivities = ['LOW', 'MEDIUM', 'HIGH'] as const;
  protected readonly words = words;
  /** Ahead of `condition` until the page has drawn: two edits may come before it does. */
  protected readonly draft = linkedSignal(() => this.condition());
  protected readonly kind = computed(() => kindOf(this.draft()));
  protected readonly kinds = computed(() => (this.depth() < DEEPEST ? [...LEAF_KINDS, ...GROUP_KINDS] : LEAF_KINDS));
  protected readonly parts = computed(() => this.draft().all ?? this.draft().any ?? []);

  protected become(kind: string): void {
    this.set(changedTo(kind as ConditionKind, this.draft()));
  }

  protected patch(fields: Record<string, unknown>): void {
    const kind = this.kind() as LeafKind;
    this.set({ [kind]: { ...this.draft()[kind], ...fields } });
  }

  protected replace(index: number, part: ConditionInput | null): void {
    const parts = this.parts().flatMap((other, i) => (i !== index ? [other] : part ? [part] : []));
    this.set({ [this.kind()]: parts });
  }

  protected add(): void {
    this.set({ [this.kind()]: [...this.parts(), blank('threshold')] });
  }

  protected number(value: string): number | null {
    return value.trim() === '' ? null : Number(value);
  }

  /** `, °C` behind a label. */
  protected unit(metric: string): string {
    const unit = unitSymbol(this.units().get(metric) ?? '1');
    return unit ? `, ${unit}` : '';
  }

  private set(condition: ConditionInput): void {
    this.draft.set(condition);
    this.changed.emit(condition);
  }
}
