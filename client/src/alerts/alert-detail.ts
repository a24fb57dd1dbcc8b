import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { RouterLink } from '@angular/router';
import { AlertActions, type AlertAction } from '../core/alert-actions';
import { AlertFeed } from '../core/alert-feed';
import { Attempt } from '../core/attempt';
import { errorText } from '../core/error-text';
import { RequestFailed } from '../core/faults';
import { formatReading, words } from '../core/format';
import { Graph } from '../core/graph';
import { PageTitle } from '../core/page-title';
import { Session } from '../core/session';
import { AlertRow } from '../ui/alert-row';
import { DeliveryList } from '../ui/delivery-list';
import { Instant } from '../ui/instant';
import { Notice } from '../ui/notice';
import { AlertChart } from './alert-chart';
import { AlertDetailDocument, AssignAlertDocument, AssigneeChoicesDocument, type AlertDetailQuery } from './alert-detail.generated';
import { isChattering } from './chattering';
import { SilenceForm } from './silence-form';

export type Detail = NonNullable<AlertDetailQuery['alert']>;

/** One alert: what is known of it, what everybody did about it, and the values around its beginning. */
@Component({
  selector: 'pg-alert-detail',
  imports: [AlertChart, AlertRow, DeliveryList, Instant, Notice, RouterLink, SilenceForm],
  templateUrl: './alert-detail.html',
  styleUrl: './alert-detail.css',
})
export class AlertDetail {
  private readonly graph = inject(Graph);
  private readonly session = inject(Session);
  private readonly title = inject(PageTitle);
  protected readonly actions = inject(AlertActions);
  /** From the address. */
  readonly id = input.required<string>();

  protected readonly alert = signal<Detail | null>(null);
  protected readonly failure = signal<string | null>(null);
  protected readonly assigning = new Attempt();
  protected readonly silencing = signal(false);
  protected readonly words = words;
  protected readonly me = computed(() => this.session.viewer()?.user ?? null);
  /** Whom an administrator can name; everybody else takes alerts or lets them go. */
  private readonly others = signal<readonly { id: string; displayName: string }[]>([]);
  protected readonly assignees = computed(() => {
    const [me, assignee] = [this.me(), this.alert()?.assignee];
    const known = [
      ...(me ? [{ id: me.id, displayName: `${me.displayName} (you)` }] : []),
      ...this.others(),
      ...(assignee ? [assignee] : []),
    ];
    return known.filter(({ id }, i) => known.findIndex((other) => other.id === id) === i);
  });
  protected readonly metric = computed(() => {
    const alert = this.alert();
    return alert?.device?.profile.metrics.find(({ metric, kind }) => metric === alert.metric && kind === 'NUMBER') ?? null;
  });
  protected readonly chatters = computed(() => isChattering(this.alert()?.history ?? []));

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
    if (this.session.may('users:manage')) {
      this.graph.query(AssigneeChoicesDocument, {}).then(
        ({ data }) => this.others.set(data.users.nodes.filter(({ active, role }) => active && role !== 'VIEWER')),
        () => undefined, // One can still take it.
      );
    }
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

  protected async assign(userId: string): Promise<void> {
    const id = this.id();
    await this.assigning.run(() => this.graph.mutate(AssignAlertDocument, { id, userId: userId || null }));
    await this.load(id);
  }

  protected reading(alert: Detail, value: number): string {
    return formatReading({ value, text: null, unit: alert.unit ?? '1' });
  }

  /** All charts of the device around the beginning: a quarter of an hour before, as much after. */
  protected around({ startedAt }: Detail): { from: string; to: string } {
    const quarterMs = 15 * 60_000;
    const startMs = Date.parse(startedAt);
    return { from: new Date(startMs - quarterMs).toISOString(), to: new Date(startMs + quarterMs).toISOString() };
  }
}
