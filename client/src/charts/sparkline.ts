import { Component, computed, DestroyRef, effect, ElementRef, inject, input } from '@angular/core';
import { Clock } from '../core/clock';
import type { Limits } from '../core/metric-level';
import { ThemeChoice } from '../core/theme';
import { frame } from '../live/frame';
import type { LiveSeries } from '../live/live-series';

export const SPARKLINE_MS = 10 * 60_000;
const REDRAW_MS = 5_000;
/** A silence of more than this many intervals breaks the line. */
const GAP_INTERVALS = 3;

const seen = new WeakMap<Element, (visible: boolean) => void>();
const observer =
  typeof IntersectionObserver === 'undefined'
    ? null
    : new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) seen.get(target)?.(isIntersecting);
      });

/** The last ten minutes as a line over its normal band. Decoration: the value stands beside it as text. */
@Component({
  selector: 'pg-sparkline',
  host: { 'aria-hidden': 'true' },
  template: `<canvas></canvas>`,
  styles: `
    :host,
    canvas {
      display: block;
      width: 100%;
      height: 1.75rem;
    }
  `,
})
export class Sparkline {
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private readonly clock = inject(Clock);
  private readonly themes = inject(ThemeChoice);
  readonly series = input.required<LiveSeries>();
  readonly limits = input.required<Limits>();
  readonly expectedIntervalMs = input.required<number | null>();

  private visible = observer === null;
  private readonly tick = computed(() => Math.floor(this.clock.now() / REDRAW_MS));
  private readonly painter = { paint: () => this.paint() };

  constructor() {
    effect(() => {
      this.series().latest();
      this.themes.inks();
      this.tick();
      if (this.visible) frame.paint(this.painter);
    });
    seen.set(this.host, (visible) => {
      this.visible = visible;
      if (visible) frame.paint(this.painter);
    });
    observer?.observe(this.host);
    inject(DestroyRef).onDestroy(() => {
      observer?.unobserve(this.host);
      frame.forget(this.painter);
    });
  }

  private paint(): void {
    const canvas = this.host.firstElementChild as HTMLCanvasElement;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    const context = canvas.getContext('2d');
    if (!context || width === 0) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.clearRect(0, 0, width, height);

    const { t, v } = this.series().ring;
    const toMs = this.clock.nowMs();
    const fromMs = toMs - SPARKLINE_MS;
    let first = t.length;
    while (first > 0 && t[first - 1]! >= fromMs) first--;
    if (first > 0) first--;
    if (first >= t.length) return;

    const { normalMin, normalMax } = this.limits();
    let low = normalMin ?? Infinity;
    let high = normalMax ?? -Infinity;
    for (let i = first; i < v.length; i++) {
      low = Math.min(low, v[i]!);
      high = Math.max(high, v[i]!);
    }
    const pad = 2 * ratio;
    const span = high - low || 1;
    const x = (ms: number): number => ((ms - fromMs) / SPARKLINE_MS) * (width - 2 * pad);
    const y = (value: number): number => pad + (1 - (value - low) / span) * (height - 2 * pad);
    const inks = this.themes.inks();

    if (normalMin !== null && normalMax !== null) {
      context.fillStyle = inks.band;
      context.fillRect(0, y(normalMax), width, Math.max(ratio, y(normalMin) - y(normalMax)));
    }
    const gapMs = Math.max(GAP_INTERVALS * (this.expectedIntervalMs() ?? Infinity), 1.5 * this.series().stepMs, SPARKLINE_MS / 40);
    context.strokeStyle = inks.trace;
    context.lineWidth = 1.25 * ratio;
    context.lineJoin = 'round';
    context.beginPath();
    for (let i = first; i < t.length; i++) {
      const joined = i > first && t[i]! - t[i - 1]! <= gapMs;
      if (joined) context.lineTo(x(t[i]!), y(v[i]!));
      else context.moveTo(x(t[i]!), y(v[i]!));
    }
    context.stroke();
    const last = t.length - 1;
    context.fillStyle = inks.text;
    context.beginPath();
    context.arc(x(t[last]!), y(v[last]!), 1.75 * ratio, 0, 2 * Math.PI);
    context.fill();
  }
}
