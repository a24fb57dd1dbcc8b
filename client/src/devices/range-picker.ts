import { Component, computed, inject, input, output, signal } from '@angular/core';
import { Clock } from '../core/clock';
import { boundsOf, LIVE_RANGES, RANGE_NAMES, shifted, zoomed, type LiveRange, type TimeRange } from '../charts/time-range';

/** Which stretch of time the charts show. The page keeps it in the address. */
@Component({
  selector: 'pg-range-picker',
  templateUrl: './range-picker.html',
  styleUrl: './range-picker.css',
})
export class RangePicker {
  private readonly clock = inject(Clock);
  readonly range = input.required<TimeRange>();
  readonly chosen = output<TimeRange>();
  readonly chosenLive = output<LiveRange>();

  protected readonly ranges = LIVE_RANGES;
  protected readonly names = RANGE_NAMES;
  protected readonly customizing = signal(false);
  protected readonly live = computed(() => this.range().kind === 'live');
  protected readonly liveRange = computed(() => {
    const range = this.range();
    return range.kind === 'live' ? range.range : null;
  });
  protected readonly bounds = computed(() => {
    const { fromMs, toMs } = boundsOf(this.range(), this.clock.nowMs());
    return { from: localInput(fromMs), to: localInput(toMs) };
  });
  protected readonly refusal = signal('');

  protected move(share: number): void {
    this.chosen.emit(shifted(this.range(), share, this.clock.nowMs()));
  }

  protected zoom(factor: number): void {
    this.chosen.emit(zoomed(this.range(), factor, this.clock.nowMs()));
  }

  protected apply(event: Event, from: string, to: string): void {
    event.preventDefault();
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    if (!(toMs > fromMs)) return this.refusal.set('The end must lie after the beginning.');
    this.refusal.set('');
    this.customizing.set(false);
    this.chosen.emit({ kind: 'fixed', fromMs, toMs });
  }
}

/** What `datetime-local` takes: local time without a zone. */
function localInput(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
