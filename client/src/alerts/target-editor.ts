import { Component, computed, inject, input, linkedSignal, output, signal } from '@angular/core';
import { Choices, type AssetChoice, type ProfileChoice } from '../core/choices';
import { Graph } from '../core/graph';
import { labelText, parseLabels } from '../core/labels';
import type { RuleTargetInput } from '../core/schema.generated';
import { DeviceChoicesDocument, type DeviceChoicesQuery } from './rule-list.generated';

type TargetKind = 'profile' | 'asset' | 'device' | 'label';

/** Which devices. A target may have several parts, which all must fit; this changes one and leaves the others. */
@Component({
  selector: 'pg-target-editor',
  templateUrl: './target-editor.html',
})
export class TargetEditor {
  readonly target = input.required<RuleTargetInput>();
  readonly profiles = input.required<readonly ProfileChoice[]>();
  readonly changed = output<RuleTargetInput>();

  protected readonly assets = signal<readonly AssetChoice[]>([]);
  protected readonly devices = signal<DeviceChoicesQuery['devices']['nodes']>([]);
  protected readonly failed = signal(false);
  protected readonly kind = linkedSignal<TargetKind>(() => kindOf(this.target()));
  protected readonly deviceIds = computed(() => new Set(this.target().deviceIds ?? []));
  protected readonly labels = computed(() =>
    labelText(Object.entries((this.target().labels ?? {}) as Record<string, string>).map(([key, value]) => ({ key, value }))),
  );

  constructor() {
    const failed = (): void => this.failed.set(true);
    inject(Choices)
      .assets()
      .then((assets) => this.assets.set(assets), failed);
    inject(Graph)
      .query(DeviceChoicesDocument, {})
      .then(({ data }) => this.devices.set(data.devices.nodes), failed);
  }

  /** Another kind of target begins with its first choice, or with nothing. */
  protected become(kind: string): void {
    const first = { profile: { profileId: this.profiles()[0]?.id }, asset: { assetId: this.assets()[0]?.id }, device: {}, label: {} };
    this.changed.emit(first[kind as TargetKind]);
    this.kind.set(kind as TargetKind);
  }

  protected patch(fields: Partial<RuleTargetInput>): void {
    const { kind } = this;
    const before = kind();
    this.changed.emit({ ...this.target(), ...fields });
    kind.set(before);
  }

  protected choose(options: HTMLCollectionOf<HTMLOptionElement>): void {
    this.patch({ deviceIds: [...options].map(({ value }) => value) });
  }

  protected setLabels(text: string): void {
    this.patch({ labels: Object.fromEntries(parseLabels(text).map(({ key, value }) => [key, value])) });
  }
}

function kindOf({ deviceIds, profileId, assetId, labels }: RuleTargetInput): TargetKind {
  if (deviceIds?.length) return 'device';
  if (profileId) return 'profile';
  if (assetId) return 'asset';
  return labels ? 'label' : 'profile';
}
