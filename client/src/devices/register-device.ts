import { Component, computed, inject, output, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { DEVICE_KEY } from '@pulsegraph/contracts';
import { Choices, type AssetChoice, type ProfileChoice } from '../core/choices';
import { errorText } from '../core/error-text';
import { Graph } from '../core/graph';
import { CredentialCard } from '../ui/credential-card';
import { Modal } from '../ui/modal';
import { RegisterDeviceDocument, type RegisterDeviceMutation } from './register-device.generated';

/** A new device, and the credential it will use. */
@Component({
  selector: 'pg-register-device',
  imports: [CredentialCard, Modal, RouterLink],
  templateUrl: './register-device.html',
})
export class RegisterDevice {
  private readonly graph = inject(Graph);
  readonly closed = output();
  readonly registered = output();

  /** Browsers read patterns with the `v` flag, where a dash in a class must be escaped. */
  protected readonly keyPattern = DEVICE_KEY.source.replace(/^\^|\$$/g, '').replace('-]', '\\-]');
  protected readonly profiles = signal<readonly ProfileChoice[]>([]);
  protected readonly assets = signal<readonly AssetChoice[]>([]);
  protected readonly busy = signal(false);
  protected readonly refusal = signal<string | null>(null);
  protected readonly issued = signal<RegisterDeviceMutation['registerDevice'] | null>(null);
  private readonly profileId = signal('');
  /** For the example line: the profile's first number. */
  protected readonly example = computed(() => {
    const metrics = this.profiles().find(({ id }) => id === this.profileId())?.metrics ?? [];
    const metric = metrics.find(({ kind }) => kind === 'NUMBER');
    if (!metric) return null;
    const { alertMin, alertMax } = metric;
    return {
      metric: metric.metric,
      value: alertMin !== null && alertMax !== null ? (alertMin + alertMax) / 2 : (alertMax ?? alertMin ?? 20),
    };
  });

  constructor() {
    const choices = inject(Choices);
    const failed = (error: unknown): void => this.refusal.set(errorText(error));
    choices.profiles().then((profiles) => this.profiles.set(profiles), failed);
    choices.assets().then((assets) => this.assets.set(assets), failed);
  }

  protected async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy()) return;
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    this.busy.set(true);
    this.refusal.set(null);
    try {
      const input = { key: text('key'), name: text('name'), profileId: text('profileId'), assetId: text('assetId') || null };
      this.profileId.set(input.profileId);
      this.issued.set((await this.graph.mutate(RegisterDeviceDocument, { input })).registerDevice);
      this.registered.emit();
    } catch (error) {
      this.refusal.set(errorText(error));
    } finally {
      this.busy.set(false);
    }
  }
}
