import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { Attempt } from '../core/attempt';
import { Choices } from '../core/choices';
import { Clock } from '../core/clock';
import { formatAge } from '../core/format';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { Session } from '../core/session';
import { Confirm } from '../ui/confirm';
import { Instant } from '../ui/instant';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { ALERT_TABS } from '../core/sections';
import { SilenceForm } from './silence-form';
import { silenceText, type SilenceFilter } from './silence-text';
import { EndSilenceDocument, SilencedNamesDocument, SilencesDocument, type SilencePartsFragment } from './silences.generated';

const PAGE = 50;

/** What is kept quiet, until when, by whom and why. */
@Component({
  selector: 'pg-silence-list',
  imports: [Confirm, Instant, Notice, Paging, SectionTabs, SilenceForm],
  templateUrl: './silence-list.html',
})
export class SilenceList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  private readonly clock = inject(Clock);
  protected readonly session = inject(Session);
  /** From the address: `all` also shows those that are over. */
  readonly show = input<string>();

  protected readonly tabs = ALERT_TABS;
  protected readonly list = new PagedList<SilencePartsFragment>(async (after, signal) => {
    const variables = { first: PAGE, after, active: this.show() === 'all' ? null : true };
    const { silences } = (await this.graph.query(SilencesDocument, variables, signal)).data;
    void this.name(silences.nodes);
    return silences;
  });
  protected readonly attempt = new Attempt();
  protected readonly making = signal(false);
  protected readonly ending = signal<SilencePartsFragment | null>(null);
  private readonly names = signal<ReadonlyMap<string, string>>(new Map());
  protected readonly entries = computed(() =>
    this.list.nodes()?.map((silence) => ({
      silence,
      what: silenceText(silence.filter as SilenceFilter, (id) => this.names().get(id)),
      ...this.phaseOf(silence),
    })),
  );

  constructor() {
    inject(Choices)
      .assets()
      .then(
        (assets) => this.learn(assets),
        () => undefined, // The words say "unknown place"; the silence is no less shown.
      );
    effect(() => {
      this.show();
      untracked(() => void this.list.load());
    });
  }

  protected filter(show: string): void {
    void this.router.navigate([], { queryParams: { show: show || null }, replaceUrl: true });
  }

  protected saved(silence: SilencePartsFragment): void {
    this.list.put(silence);
    this.making.set(false);
    void this.name([silence]);
  }

  protected async end({ id }: SilencePartsFragment): Promise<void> {
    await this.attempt.run(async () => {
      const ended = (await this.graph.mutate(EndSilenceDocument, { id })).endSilence;
      if (this.show() === 'all') this.list.put(ended);
      else this.list.drop(id);
      this.ending.set(null);
    });
  }

  private phaseOf({ from, to }: SilencePartsFragment): { phase: 'planned' | 'active' | 'over'; left: string } {
    const nowMs = this.clock.now();
    if (Date.parse(to) <= nowMs) return { phase: 'over', left: '' };
    if (Date.parse(from) > nowMs) return { phase: 'planned', left: `begins in ${formatAge(Date.parse(from) - nowMs)}` };
    return { phase: 'active', left: `${formatAge(Date.parse(to) - nowMs)} left` };
  }

  private async name(silences: readonly SilencePartsFragment[]): Promise<void> {
    const filters = silences.map(({ filter }) => filter as SilenceFilter);
    const deviceIds = [...new Set(filters.flatMap(({ deviceIds }) => deviceIds ?? []))];
    const ruleIds = [...new Set(filters.flatMap(({ ruleId }) => ruleId ?? []))];
    const unnamed = ruleIds.length > 0 ? ruleIds : deviceIds.length > 0 ? [''] : [];
    await Promise.all(
      unnamed.map(async (ruleId, i) => {
        const variables = { deviceIds: i === 0 ? deviceIds : [], ruleId, named: ruleId !== '' };
        const { data } = await this.graph.query(SilencedNamesDocument, variables);
        this.learn([...(data.devices?.nodes ?? []), ...(data.alertRule ? [data.alertRule] : [])]);
      }),
    ).catch(() => undefined); // As above.
  }

  private learn(known: readonly { id: string; name: string }[]): void {
    this.names.update((names) => new Map([...names, ...known.map(({ id, name }) => [id, name] as const)]));
  }
}
