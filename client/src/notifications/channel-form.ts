import { Component, computed, inject, input, linkedSignal, output, signal } from '@angular/core';
import { SEVERITIES, type Severity } from '@pulsegraph/contracts';
import { Attempt } from '../core/attempt';
import { words } from '../core/format';
import { formOf, text } from '../core/form-values';
import { Graph } from '../core/graph';
import type { ChannelKind } from '../core/schema.generated';
import { Session } from '../core/session';
import { Modal } from '../ui/modal';
import { KIND_NAMES, newSigningSecret, settingsOf, type Settings } from './channel-settings';
import { CreateNotificationChannelDocument, UpdateNotificationChannelDocument, type ChannelPartsFragment } from './channels.generated';

/** Web push needs a browser that has registered itself, which this dashboard does not do. */
const KINDS: readonly ChannelKind[] = ['EMAIL', 'SMS', 'WEBHOOK', 'SLACK'];

@Component({
  selector: 'pg-channel-form',
  imports: [Modal],
  templateUrl: './channel-form.html',
})
export class ChannelForm {
  private readonly graph = inject(Graph);
  readonly channel = input.required<ChannelPartsFragment | null>();
  readonly saved = output<ChannelPartsFragment>();
  readonly closed = output();

  protected readonly attempt = new Attempt();
  protected readonly kinds = KINDS;
  protected readonly names = KIND_NAMES;
  protected readonly severities = SEVERITIES;
  protected readonly words = words;
  protected readonly kind = linkedSignal<ChannelKind>(() => this.channel()?.kind ?? 'EMAIL');
  protected readonly settings = computed(() => (this.channel()?.settings ?? {}) as Settings);
  protected readonly signingSecret = signal('');
  protected readonly timeZone = inject(Session).viewer()?.organization.timeZone ?? 'UTC';
  protected readonly newSigningSecret = newSigningSecret;

  protected hourly({ messages, perSeconds }: NonNullable<Settings['rateLimit']>): number {
    return Math.max(1, Math.round((messages * 3_600) / perSeconds));
  }

  protected async submit(event: Event): Promise<void> {
    const form = formOf(event);
    const channel = this.channel();
    const input = {
      name: text(form, 'name'),
      kind: this.kind(),
      minSeverity: text(form, 'minSeverity') as Severity,
      enabled: form.has('enabled'),
      settings: settingsOf(form, this.kind(), this.settings()),
    };
    await this.attempt.run(async () =>
      this.saved.emit(
        channel
          ? (await this.graph.mutate(UpdateNotificationChannelDocument, { id: channel.id, input })).updateNotificationChannel
          : (await this.graph.mutate(CreateNotificationChannelDocument, { input })).createNotificationChannel,
      ),
    );
  }
}
