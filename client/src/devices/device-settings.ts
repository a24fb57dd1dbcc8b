import { Component, computed, inject, input, output, signal } from '@angular/core';
import { Choices, type AssetChoice, type ProfileChoice } from '../core/choices';
import type { IssuedCredential } from '../core/credential';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { labelText, parseLabels } from '../core/labels';
import { CredentialCard } from '../ui/credential-card';
import { Modal } from '../ui/modal';
import type { Device } from './device-page';
import { RetireDeviceDocument, RotateCredentialDocument, UpdateDeviceDocument } from './device-settings.generated';

/** For those who may change devices: attributes, the credential, and the end. */
@Component({
  selector: 'pg-device-settings',
  imports: [CredentialCard, Modal],
  templateUrl: './device-settings.html',
  styleUrl: './device-settings.css',
})
export class DeviceSettings {
  private readonly graph = inject(Graph);
  readonly device = input.required<Device>();
  readonly changed = output();

  protected readonly profiles = signal<readonly ProfileChoice[]>([]);
  protected readonly assets = signal<readonly AssetChoice[]>([]);
  protected readonly busy = signal(false);
  protected readonly refusal = signal<string | null>(null);
  protected readonly done = signal('');
  protected readonly asking = signal<'rotate' | 'retire' | null>(null);
  protected readonly issued = signal<IssuedCredential | null>(null);
  protected readonly labels = computed(() => labelText(this.device().labels));
  protected readonly example = computed(() => this.device().profile.metrics.find(({ kind }) => kind === 'NUMBER'));

  constructor() {
    const choices = inject(Choices);
    const failed = (error: unknown): void => this.refusal.set(errorText(error));
    choices.profiles().then((profiles) => this.profiles.set(profiles), failed);
    choices.assets().then((assets) => this.assets.set(assets), failed);
  }

  protected save(event: Event): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    const labels = parseLabels(text('labels'));
    const { id, profile, asset } = this.device();
    const input = {
      name: text('name'),
      labels,
      // Absent stays as it is; only what was changed is sent.
      ...(text('profileId') === profile.id ? {} : { profileId: text('profileId') }),
      ...(text('assetId') === (asset?.id ?? '') ? {} : { assetId: text('assetId') || null }),
    };
    return this.run('Saved.', async () => {
      await this.graph.mutate(UpdateDeviceDocument, { id, input });
      this.changed.emit();
    });
  }

  protected rotate(grace: string): Promise<void> {
    return this.run('', async () => {
      const { rotateDeviceCredential } = await this.graph.mutate(RotateCredentialDocument, { id: this.device().id, grace });
      this.issued.set(rotateDeviceCredential);
    });
  }

  protected retire(): Promise<void> {
    return this.run('Retired.', async () => {
      await this.graph.mutate(RetireDeviceDocument, { id: this.device().id });
      this.asking.set(null);
      this.changed.emit();
    });
  }

  protected close(): void {
    this.asking.set(null);
    this.issued.set(null);
    this.refusal.set(null);
  }

  private async run(done: string, work: () => Promise<void>): Promise<void> {
    if (this.busy()) return;
    this.busy.set(true);
    this.refusal.set(null);
    this.done.set('');
    try {
      await work();
      this.done.set(done);
    } catch (error) {
      this.refusal.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }
}
