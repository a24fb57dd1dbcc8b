import { ChartSeries, type History } from './chart-series';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const START = Date.UTC(2026, 0, 5, 12);
/** What the device really measured: one reading a second, for ten and a half minutes. */
const readings = Array.from({ length: 630 }, (_, i) => ({ at: START + i * SECOND, value: Math.round(50 + 20 * Math.sin(i / 17)) }));

/** As the server would answer. */
function serve(from: number, to: number, resolutionMs: number | null): History {
  const width = resolutionMs ?? 1;
  const buckets = new Map<number, number[]>();
  for (const { at, value } of readings) {
    if (at < from || at >= to) continue;
    const start = resolutionMs === null ? at : Math.floor(at / width) * width;
    buckets.set(start, [...(buckets.get(start) ?? []), value]);
  }
  const values = [...buckets.values()];
  return {
    at: [...buckets.keys()],
    avg: values.map((v) => v.reduce((a, b) => a + b) / v.length),
    min: values.map((v) => Math.min(...v)),
    max: values.map((v) => Math.max(...v)),
    count: values.map((v) => v.length),
    resolutionMs,
    gaps: [],
  };
}
const window = { fromMs: START, toMs: START + 12 * MINUTE };
const NOW = readings.at(-1)!.at + 500;
const live = (series: ChartSeries, from: number): void =>
  readings.filter(({ at }) => at >= from).forEach(({ at, value }) => series.append(at, value));

describe('a chart whose history goes over into live readings', () => {
  it('shows every reading once, whatever live, history and backfill bring twice', () => {
    const series = new ChartSeries(SECOND);
    live(series, START + 580 * SECOND); // subscribed before history was asked for
    series.load(serve(START, START + 600 * SECOND, null));
    series.join(serve(START + 590 * SECOND, NOW, null)); // the seam check
    live(series, START + 570 * SECOND); // a resume that repeats
    expect(series.points(window).map(({ at, avg }) => ({ at, value: avg }))).toEqual(readings);
  });

  it('joins summarised history so that no point differs from one the server would have made', () => {
    const series = new ChartSeries(SECOND);
    const asked = START + 605 * SECOND; // in the middle of a minute
    live(series, asked - 5 * SECOND);
    series.load(serve(START, asked, MINUTE));
    expect(series.seam).toBe(START + 10 * MINUTE);
    series.join(serve(series.seam!, asked, null));
    live(series, asked - 20 * SECOND);

    const whole = serve(START, NOW, MINUTE);
    const shown = series.points(window);
    expect(shown.map(({ at }) => at)).toEqual(whole.at);
    expect(shown.map(({ min, max, count }) => [min, max, count])).toEqual(
      whole.at.map((_, i) => [whole.min[i], whole.max[i], whole.count[i]]),
    );
    shown.forEach(({ avg }, i) => expect(avg).toBeCloseTo(whole.avg[i]!, 9));
  });

  it('breaks the line where readings are missing and shades it until they are filled in', () => {
    const series = new ChartSeries(SECOND);
    const [lost, back] = [START + 100 * SECOND, START + 130 * SECOND];
    series.load({ ...serve(START, lost, null), gaps: [{ fromMs: lost - SECOND, toMs: lost + 10 * SECOND }] });
    live(series, back);
    const gap = { fromMs: lost - SECOND, toMs: back };
    expect(series.gapsIn(window, NOW)).toEqual([gap]);
    expect(series.columns(window).avg.filter((value) => value === null)).toHaveLength(1);

    series.join(serve(lost, back, null));
    expect(series.gapsIn(window, NOW)).toEqual([]);
    expect(series.columns(window).avg).not.toContain(null);
  });

  it('shades what a silent device has not sent up to now', () => {
    const series = new ChartSeries(SECOND);
    series.load(serve(START, START + 60 * SECOND, null));
    expect(series.gapsIn(window, START + 90 * SECOND)).toEqual([{ fromMs: START + 59 * SECOND, toMs: START + 90 * SECOND }]);
  });

  it('puts a late reading in its place', () => {
    const series = new ChartSeries(SECOND);
    series.append(START + 2 * SECOND, 3);
    series.append(START, 1);
    series.append(START + SECOND, 2);
    expect(series.points(window).map(({ avg }) => avg)).toEqual([1, 2, 3]);
  });
});
