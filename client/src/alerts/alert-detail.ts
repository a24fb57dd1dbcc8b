import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { RouterLink } from '@angular/router';
import { AlertActions, type AlertAction } from '../core/alert-actions';
import { AlertFeed } from '../core/alert-feed';
import { errorText } from '../core/error-text';
import { RequestFailed } from '../core/faults';
import { formatReading, unitSymbol, words } from '../core/format';
import { Graph } from '../core/graph';
import { PageTitle } from '../core/page-title';
import { AlertRow } from '../ui/alert-row';
import { Instant } from '../ui/instant';
import { Notice } from '../ui/notice';
import { AlertDetailDocument, type AlertDetailQuery } from './alert-detail.generated';

type Detail = NonNullable<AlertDetailQuery['alert']>;

/** One alert and everything that happened to it. */
@Component({
  selector: 'pg-alert-detail',
  imports: [AlertRow, Instant, Notice, RouterLink],
  templateUrl: './alert-detail.html',
  styleUrl: './alert-detail.css',
})
export class AlertDetail {
  private readonly graph = inject(Graph);
  private readonly title = inject(PageTitle);
  protected readonly actions = inject(AlertActions);
  /** From the address. */
  readonly id = input.required<string>();

  protected readonly alert = signal<Detail | null>(null);
  protected readonly failure = signal<string | null>(null);
  protected readonly words = words;
  protected readonly unitSymbol = unitSymbol;

  constructor() {
    const feed = inject(AlertFeed);
    effect(() => {
      const id = this.id();
      untracked(() => {
        this.alert.set(null);
        void this.load(id);
      });
    });
    feed.changes.pipe(takeUntilDestroyed()).subscribe(({ alert }) => {
      if (alert.id === this.id()) void this.load(alert.id);
    });
    feed.restarted.pipe(takeUntilDestroyed()).subscribe(() => void this.load(this.id()));
  }

  protected async load(id: string): Promise<void> {
    try {
      const { data, error } = await this.graph.query(AlertDetailDocument, { id });
      if (id !== this.id()) return;
      if (!data.alert) throw error ?? new RequestFailed([{ code: 'NOT_FOUND', message: '' }]);
      this.alert.set(data.alert);
      this.title.set(`${data.alert.deviceName}: ${data.alert.message}`);
      this.failure.set(null);
    } catch (error) {
      if (id === this.id()) this.failure.set(errorText(error));
    }
  }

  protected async act(action: AlertAction, note: string): Promise<void> {
    if (await this.actions.run(action, this.id(), note)) await this.load(this.id());
  }

  protected value({ unit, value }: Detail): string {
    return formatReading({ value, text: null, unit: unit ?? '1' });
  }

  protected threshold({ unit, threshold }: Detail): string {
    return formatReading({ value: threshold, text: null, unit: unit ?? '1' });
  }

  /** The charts around the beginning: a quarter of an hour before, as much after. */
  protected around({ startedAt }: Detail): { from: string; to: string } {
    const quarterMs = 15 * 60_000;
    const startMs = Date.parse(startedAt);
    return { from: new Date(startMs - quarterMs).toISOString(), to: new Date(startMs + quarterMs).toISOString() };
  }
}
