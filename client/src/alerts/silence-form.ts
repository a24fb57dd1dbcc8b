import { Component, inject, input, output, signal } from '@angular/core';
import { SEVERITIES } from '@pulsegraph/contracts';
import { Attempt } from '../core/attempt';
import { Choices, type AssetChoice } from '../core/choices';
import { Clock } from '../core/clock';
import { errorText } from '../core/error-text';
import { words } from '../core/format';
import { formOf, number, text } from '../core/form-values';
import { Graph } from '../core/graph';
import type { AlertFilter, Severity } from '../core/schema.generated';
import { Modal } from '../ui/modal';
import { DeviceChoicesDocument, type DeviceChoicesQuery } from './rule-list.generated';
import { CreateSilenceDocument, type SilencePartsFragment } from './silences.generated';

const HOUR_MS = 3_600_000;

/** The alert it is made from. */
export interface SilencedAlert {
  deviceId: string;
  deviceName: string;
  rule: { id: string; name: string } | null;
}

/** Shelves one alert for a while, or plans a maintenance window. */
@Component({
  selector: 'pg-silence-form',
  imports: [Modal],
  templateUrl: './silence-form.html',
})
export class SilenceForm {
  private readonly graph = inject(Graph);
  private readonly clock = inject(Clock);
  /** Null for a silence from nothing. */
  readonly about = input<SilencedAlert | null>(null);
  readonly saved = output<SilencePartsFragment>();
  readonly closed = output();

  protected readonly attempt = new Attempt();
  protected readonly severities = SEVERITIES;
  protected readonly words = words;
  protected readonly target = signal<'asset' | 'device'>('asset');
  protected readonly planned = signal(false);
  protected readonly assets = signal<readonly AssetChoice[]>([]);
  protected readonly devices = signal<DeviceChoicesQuery['devices']['nodes']>([]);

  constructor() {
    const failed = (error: unknown): void => this.attempt.refusal.set(errorText(error));
    inject(Choices)
      .assets()
      .then((assets) => this.assets.set(assets), failed);
    this.graph.query(DeviceChoicesDocument, {}).then(({ data }) => this.devices.set(data.devices.nodes), failed);
  }

  protected async submit(event: Event): Promise<void> {
    const form = formOf(event);
    const fromMs = this.planned() ? Date.parse(text(form, 'from')) : this.clock.nowMs();
    const toMs = this.planned() ? Date.parse(text(form, 'to')) : fromMs + (number(form, 'hours') ?? 1) * HOUR_MS;
    const input = {
      filter: this.filterOf(form),
      from: this.planned() ? new Date(fromMs).toISOString() : null,
      to: new Date(toMs).toISOString(),
      reason: text(form, 'reason'),
    };
    await this.attempt.run(async () => this.saved.emit((await this.graph.mutate(CreateSilenceDocument, { input })).createSilence));
  }

  private filterOf(form: FormData): AlertFilter {
    const about = this.about();
    if (about) {
      const scope = text(form, 'scope');
      return {
        deviceIds: scope === 'rule' ? null : [about.deviceId],
        ruleId: scope === 'device' ? null : (about.rule?.id ?? null),
      };
    }
    const severities = form.getAll('severities').map(String) as Severity[];
    const narrowed = severities.length > 0 && severities.length < SEVERITIES.length;
    return {
      assetId: this.target() === 'asset' ? text(form, 'assetId') : null,
      deviceIds: this.target() === 'device' ? form.getAll('deviceIds').map(String) : null,
      severities: narrowed ? severities : null,
    };
  }
}
