import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { REJECTION_REASONS, type RejectionReason } from '@pulsegraph/contracts';
import { Attempt } from '../core/attempt';
import { debounced } from '../core/debounced';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { Age } from '../ui/age';
import { Confirm } from '../ui/confirm';
import { Instant } from '../ui/instant';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import {
  DeadLettersDocument,
  DiscardDeadLettersDocument,
  ReplayDeadLettersDocument,
  type DeadLetterPartsFragment,
} from './dead-letters.generated';
import { PIPELINE_TABS } from '../core/sections';

const PAGE = 50;
const SEARCH_AFTER_MS = 250;

/** An inbox of what was refused: why, what it looked like, and once the cause is mended, in with it after all. */
@Component({
  selector: 'pg-dead-letters',
  imports: [Age, Confirm, Instant, Notice, Paging, SectionTabs],
  templateUrl: './dead-letters.html',
  styleUrl: './dead-letters.css',
})
export class DeadLetters {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  /** From the address. */
  readonly device = input<string>();
  readonly reason = input<string>();

  protected readonly tabs = PIPELINE_TABS;
  protected readonly reasons = Object.keys(REJECTION_REASONS) as RejectionReason[];
  protected readonly words = words;
  protected readonly list = new PagedList<DeadLetterPartsFragment>(async (after, signal) => {
    const variables = { first: PAGE, after, deviceKey: this.device() || null, reason: this.reason() || null };
    return (await this.graph.query(DeadLettersDocument, variables, signal)).data.deadLetters;
  });
  private readonly picked = signal<ReadonlySet<string>>(new Set());
  protected readonly chosen = computed(() => (this.list.nodes() ?? []).filter(({ id }) => this.picked().has(id)).map(({ id }) => id));
  protected readonly attempt = new Attempt();
  protected readonly outcome = signal('');
  protected readonly discarding = signal<readonly string[] | null>(null);
  protected readonly narrowSoon = debounced(SEARCH_AFTER_MS, (device: string) => this.narrow({ device }));

  constructor() {
    effect(() => {
      this.device();
      this.reason();
      untracked(() => void this.list.load());
    });
  }

  protected narrow(query: { device?: string; reason?: string }): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  protected pick(id: string, wanted: boolean): void {
    this.picked.update((ids) => new Set(wanted ? [...ids, id] : [...ids].filter((other) => other !== id)));
  }

  protected pickAll(wanted: boolean): void {
    this.picked.set(new Set(wanted ? (this.list.nodes() ?? []).map(({ id }) => id) : []));
  }

  protected async replay(ids: readonly string[]): Promise<void> {
    this.outcome.set('');
    await this.attempt.run(async () => {
      const { accepted, stillRejected } = (await this.graph.mutate(ReplayDeadLettersDocument, { ids: [...ids] })).replayDeadLetters;
      const rest = stillRejected > 0 ? ` ${stillRejected} rejected once more: the cause stands.` : '';
      this.outcome.set(`${accepted === 1 ? 'One reading' : `${accepted} readings`} accepted.${rest}`);
      this.picked.set(new Set());
      await this.list.load();
    });
  }

  protected async discard(ids: readonly string[]): Promise<void> {
    this.outcome.set('');
    await this.attempt.run(async () => {
      const count = (await this.graph.mutate(DiscardDeadLettersDocument, { ids: [...ids] })).discardDeadLetters;
      this.outcome.set(`${count === 1 ? 'One message' : `${count} messages`} discarded.`);
      this.list.drop(...ids);
      this.discarding.set(null);
    });
  }

  protected meaning(reason: string): string {
    return REJECTION_REASONS[reason as RejectionReason] ?? '';
  }

  /** JSON laid out; anything else as it came. */
  protected shown({ payload, encoding }: DeadLetterPartsFragment): string {
    if (encoding !== 'UTF8') return payload;
    try {
      return JSON.stringify(JSON.parse(payload), null, 2);
    } catch {
      return payload;
    }
  }
}
