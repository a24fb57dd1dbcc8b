import { Component, effect, inject, signal, untracked } from '@angular/core';
import { REJECTION_REASONS, type RejectionReason } from '@pulsegraph/contracts';
import { debounced } from '../core/debounced';
import { errorText } from '../core/error-text';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { Age } from '../ui/age';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { DeadLettersDocument, type DeadLettersQuery } from './dead-letters.generated';

const PAGE = 50;
const SEARCH_AFTER_MS = 250;

/** What was refused, why, and what it looked like. */
@Component({
  selector: 'pg-dead-letters',
  imports: [Age, Notice, Paging],
  templateUrl: './dead-letters.html',
  styleUrl: './dead-letters.css',
})
export class DeadLetters {
  private readonly graph = inject(Graph);
  protected readonly reasons = Object.keys(REJECTION_REASONS) as RejectionReason[];
  protected readonly words = words;
  protected readonly deviceKey = signal('');
  protected readonly reason = signal('');
  protected readonly letters = signal<DeadLettersQuery['deadLetters']['nodes'] | null>(null);
  protected readonly total = signal(0);
  protected readonly hasMore = signal(false);
  protected readonly busy = signal(false);
  protected readonly failure = signal<string | null>(null);
  private pending = new AbortController();
  private endCursor: string | null = null;
  protected readonly narrowSoon = debounced(SEARCH_AFTER_MS, (deviceKey: string) => this.deviceKey.set(deviceKey.trim()));

  constructor() {
    effect(() => {
      this.deviceKey();
      this.reason();
      untracked(() => void this.load());
    });
  }

  protected load(): Promise<void> {
    this.endCursor = null;
    return this.fetch([]);
  }

  protected more(): Promise<void> {
    return this.fetch(this.letters() ?? []);
  }

  protected meaning(reason: string): string {
    return REJECTION_REASONS[reason as RejectionReason] ?? '';
  }

  private async fetch(before: DeadLettersQuery['deadLetters']['nodes']): Promise<void> {
    this.pending.abort();
    const { signal: aborted } = (this.pending = new AbortController());
    this.busy.set(true);
    try {
      const variables = { first: PAGE, after: this.endCursor, deviceKey: this.deviceKey() || null, reason: this.reason() || null };
      const { deadLetters } = (await this.graph.query(DeadLettersDocument, variables, aborted)).data;
      if (aborted.aborted) return;
      this.letters.set([...before, ...deadLetters.nodes]);
      this.total.set(deadLetters.totalCount);
      this.hasMore.set(deadLetters.pageInfo.hasNextPage);
      this.endCursor = deadLetters.pageInfo.endCursor;
      this.failure.set(null);
    } catch (error) {
      if (!aborted.aborted) this.failure.set(errorText(error));
    } finally {
      if (!aborted.aborted) this.busy.set(false);
    }
  }
}
