import { inject, Injectable, type OnDestroy } from '@angular/core';
import { Subject, type Subscription } from 'rxjs';
import { hasCode } from '../core/faults';
import { Graph } from '../core/graph';
import type { ReadingFilter } from '../core/schema.generated';
import { LiveReadingsDocument, type LiveReadingsSubscription } from './readings.generated';

export type LiveReading = LiveReadingsSubscription['readings']['readings'][number];

/** A tab nobody has looked at for this long stops its telemetry; alerts go on. */
const HIDDEN_FOR_MS = 5 * 60_000;
/** After a longer sleep, reading history by query costs less than replaying it. */
const REPLAY_AT_MOST_MS = 10 * 60_000;

/**
 * The readings a page shows. Provided by the page, so it ends with it. Breaks of the connection are resumed by cursor
 * below (core/live-link); what cannot be is told by `restarted`.
 */
@Injectable()
export class ReadingsFeed implements OnDestroy {
  private readonly graph = inject(Graph);
  private subscription: Subscription | undefined;
  private wanted: { filter: ReadingFilter; maxRate: number | null } | null = null;
  private cursor: string | null = null;
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  private stoppedAtMs: number | null = null;
  private readonly onVisibility = (): void => (document.hidden ? this.sleepSoon() : this.wake());

  readonly readings = new Subject<readonly LiveReading[]>();
  /** Readings were missed that no cursor brings back: read history again. */
  readonly restarted = new Subject<void>();

  constructor() {
    document.addEventListener('visibilitychange', this.onVisibility);
  }

  /** @param maxRate Events per second and series; null for every reading. */
  watch(filter: ReadingFilter, maxRate: number | null): void {
    this.wanted = { filter, maxRate };
    this.cursor = null;
    if (this.stoppedAtMs === null) this.open();
  }

  stop(): void {
    this.wanted = null;
    this.close();
  }

  ngOnDestroy(): void {
    document.removeEventListener('visibilitychange', this.onVisibility);
    clearTimeout(this.hiddenTimer);
    this.close();
  }

  private open(): void {
    this.close();
    if (!this.wanted) return;
    this.subscription = this.graph.live(LiveReadingsDocument, { ...this.wanted, after: this.cursor }).subscribe({
      next: ({ readings: { cursor, readings } }) => {
        this.cursor = cursor;
        this.readings.next(readings);
      },
      error: (error: unknown) => {
        this.cursor = null;
        if (hasCode(error, 'CURSOR_EXPIRED')) this.open();
        this.restarted.next();
      },
    });
  }

  private close(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
  }

  private sleepSoon(): void {
    clearTimeout(this.hiddenTimer);
    this.hiddenTimer = setTimeout(() => {
      this.stoppedAtMs = Date.now();
      this.close();
    }, HIDDEN_FOR_MS);
  }

  private wake(): void {
    clearTimeout(this.hiddenTimer);
    if (this.stoppedAtMs === null) return;
    const missesTooMuch = this.cursor === null || Date.now() - this.stoppedAtMs > REPLAY_AT_MOST_MS;
    this.stoppedAtMs = null;
    if (missesTooMuch) this.cursor = null;
    this.open();
    if (missesTooMuch) this.restarted.next();
  }
}
