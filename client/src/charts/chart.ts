import {
  afterNextRender,
  Component,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  input,
  output,
  signal,
  untracked,
  viewChild,
  ViewEncapsulation,
} from '@angular/core';
import uPlot from 'uplot';
import { formatNumber } from '../core/format';
import type { Limits } from '../core/metric-level';
import { ThemeChoice, type Inks } from '../core/theme';
import { frame } from '../live/frame';
import type { Columns, Span } from './chart-series';

export interface ChartView {
  columns: Columns;
  window: Span;
  gaps: readonly Span[];
}

const HEIGHT_PX = 200;
const FEWEST_PIXELS_DRAGGED = 8;

/** A line over its normal band and limits, drawn by uPlot. Text and keyboard belong to the panel around it. */
@Component({
  selector: 'pg-chart',
  template: `<div #host></div>`,
  styleUrl: './chart.css',
  encapsulation: ViewEncapsulation.None,
})
export class Chart {
  private readonly host = viewChild.required<ElementRef<HTMLElement>>('host');
  private readonly themes = inject(ThemeChoice);
  readonly view = input.required<ChartView>();
  readonly limits = input.required<Limits>();
  readonly decimals = input(1);
  /** Show the band and limits even where the values are far from them. */
  readonly showsLimits = input(true);
  /** Instants to point out, ms since 1970. */
  readonly marks = input<readonly number[]>([]);
  /** Index into the columns; null for none. */
  readonly cursor = input<number | null>(null);
  readonly zoomed = output<Span>();
  readonly pointed = output<number | null>();

  private plot: uPlot | null = null;
  private readonly built = signal(0);
  private readonly painter = { paint: () => this.paint() };

  constructor() {
    const destroyed = inject(DestroyRef);
    afterNextRender(() => {
      const element = this.host().nativeElement;
      const resized = new ResizeObserver(() => this.plot?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
      resized.observe(element);
      destroyed.onDestroy(() => resized.disconnect());
      this.built.set(1);
    });
    effect(() => {
      const inks = this.themes.inks();
      // A new plot for new colours alone; new values go into the one there is, or a drag would be cut off.
      if (this.built() > 0) untracked(() => this.build(inks));
    });
    effect(() => {
      this.view();
      this.limits();
      this.showsLimits();
      this.marks();
      frame.paint(this.painter);
    });
    effect(() => {
      const index = this.cursor();
      const at = index === null ? undefined : this.view().columns.at[index];
      const value = index === null ? undefined : this.view().columns.avg[index];
      if (!this.plot || at === undefined || value === null || value === undefined) return;
      this.plot.setCursor({ left: this.plot.valToPos(at, 'x'), top: this.plot.valToPos(value, 'y') }, false);
    });
    destroyed.onDestroy(() => {
      frame.forget(this.painter);
      this.plot?.destroy();
    });
  }

  private build(inks: Inks): void {
    const element = this.host().nativeElement;
    this.plot?.destroy();
    const axis = { stroke: inks.muted, font: '12px system-ui, sans-serif', ticks: { show: false }, grid: { stroke: inks.line, width: 1 } };
    this.plot = new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height: HEIGHT_PX,
        ms: 1,
        legend: { show: false },
        padding: [8, 22, 0, 0],
        scales: {
          x: { time: true, range: () => [this.view().window.fromMs, this.view().window.toMs] },
          y: { range: (_, low, high) => this.yRange(low, high) },
        },
        axes: [
          { ...axis, size: 26, space: 70, values: timeLabels },
          { ...axis, size: 52, values: (_, splits) => splits.map((value) => tick(value, splits, this.decimals())) },
        ],
        series: [
          {},
          { stroke: inks.trace, width: 1.5, points: { show: false }, spanGaps: false },
          { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: false },
          { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: false },
        ],
        bands: [{ series: [3, 2], fill: inks['trace-soft'] }],
        cursor: {
          y: false,
          points: {
            size: 7,
            fill: inks.trace,
            stroke: inks.panel,
            show: (u, i) => (i === 1 ? uPlotPoint(u) : document.createElement('i')),
          },
          drag: { x: true, y: false, setScale: false },
        },
        hooks: {
          drawClear: [(u) => this.drawBehind(u, inks)],
          drawAxes: [(u) => this.drawLimits(u, inks)],
          draw: [(u) => this.drawMarks(u, inks)],
          setSelect: [(u) => this.onSelect(u)],
          setCursor: [(u) => this.pointed.emit(u.cursor.idx ?? null)],
        },
      },
      this.data(),
      element,
    );
  }

  private data(): uPlot.AlignedData {
    const { at, avg, min, max } = this.view().columns;
    return [at, avg, min, max];
  }

  private paint(): void {
    this.plot?.setData(this.data(), true);
  }

  private yRange(low: number | null, high: number | null): uPlot.Range.MinMax {
    const { normalMin, normalMax, alertMin, alertMax } = this.limits();
    const marks = this.showsLimits() ? [normalMin, normalMax, alertMin, alertMax].filter((mark) => mark !== null) : [];
    const all = [low, high, ...marks].filter((value) => value !== null && Number.isFinite(value)) as number[];
    if (all.length === 0) return [0, 1];
    const bottom = Math.min(...all);
    const top = Math.max(...all);
    const room = (top - bottom || Math.abs(top) || 1) * 0.06;
    return [bottom - room, top + room];
  }

  /** Band and gaps, below the grid. */
  private drawBehind(u: uPlot, inks: Inks): void {
    const { ctx, bbox } = u;
    const y = (value: number): number => u.valToPos(value, 'y', true);
    const x = (ms: number): number => u.valToPos(ms, 'x', true);
    const { normalMin, normalMax } = this.limits();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (normalMin !== null || normalMax !== null) {
      const top = normalMax === null ? bbox.top : y(normalMax);
      const bottom = normalMin === null ? bbox.top + bbox.height : y(normalMin);
      ctx.fillStyle = inks.band;
      ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    }
    for (const { fromMs, toMs } of this.view().gaps) hatch(ctx, x(fromMs), bbox.top, x(toMs) - x(fromMs), bbox.height, inks);
    ctx.restore();
  }

  /** Limits, above the grid and below the line. */
  private drawLimits({ ctx, bbox, valToPos }: uPlot, inks: Inks): void {
    const { alertMin, alertMax } = this.limits();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeStyle = inks.critical;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const limit of [alertMin, alertMax]) {
      if (limit === null) continue;
      const at = valToPos(limit, 'y', true);
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(bbox.left + bbox.width, at);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** Above the line, with a head: they say when, the line says what. */
  private drawMarks({ ctx, bbox, valToPos }: uPlot, inks: Inks): void {
    const headPx = 5 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = inks.text;
    ctx.lineWidth = devicePixelRatio;
    for (const mark of this.marks()) {
      const at = valToPos(mark, 'x', true);
      if (at < bbox.left || at > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(at - headPx, bbox.top - headPx);
      ctx.lineTo(at + headPx, bbox.top - headPx);
      ctx.lineTo(at, bbox.top + headPx / 2);
      ctx.fill();
    }
    ctx.restore();
  }

  private onSelect(u: uPlot): void {
    const { left, width } = u.select;
    if (width < FEWEST_PIXELS_DRAGGED) return;
    this.zoomed.emit({ fromMs: u.posToVal(left, 'x'), toMs: u.posToVal(left + width, 'x') });
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }
}

function uPlotPoint(u: uPlot): HTMLElement {
  const point = document.createElement('div');
  const [, series] = u.series;
  point.style.background = typeof series?.stroke === 'function' ? String(series.stroke(u, 1)) : '';
  point.style.width = point.style.height = '7px';
  point.style.marginLeft = point.style.marginTop = '-3.5px';
  return point;
}

function hatch(ctx: CanvasRenderingContext2D, left: number, top: number, width: number, height: number, inks: Inks): void {
  ctx.fillStyle = inks['offline-tint'];
  ctx.fillRect(left, top, width, height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = inks.offline;
  ctx.globalAlpha = 0.35;
  ctx.lineWidth = devicePixelRatio;
  const step = 8 * devicePixelRatio;
  ctx.beginPath();
  // On a grid of the canvas, not of the gap: a gap that grows must not make its lines crawl.
  for (let at = Math.floor((left - height) / step) * step; at < left + width; at += step) {
    ctx.moveTo(at, top + height);
    ctx.lineTo(at + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

const DAY_MS = 86_400_000;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function timeLabels(_: uPlot, splits: number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((ms) => {
    const at = new Date(ms);
    if (step >= DAY_MS || (at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0)) return day.format(at);
    return (step < 60_000 ? clockSeconds : clock).format(at);
  });
}

/** As many decimals as the distance between the ticks needs: 97.5 must not read 98. */
function tick(value: number, splits: readonly number[], decimals: number): string {
  if (splits.every((split) => Math.abs(split - Math.round(split)) < 1e-6)) return formatNumber(value, 0);
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  return formatNumber(value, Math.min(4, Math.max(1, decimals, Math.ceil(-Math.log10(step)))));
}
