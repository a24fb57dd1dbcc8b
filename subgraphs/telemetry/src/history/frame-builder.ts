import { encodeReadingFrame } from '@pulsegraph/contracts';
import { mergeRuns, type HourRun } from './hour-run.js';

/** Readings per frame, about: small enough to flow, large enough not to be felt. */
const FRAME_READINGS = 32_768;

/** Collects hours of one metric into frames: whole hours of one series, or readings of several in the order of time. */
export class FrameBuilder {
  private hour: HourRun[] = [];
  private runs: HourRun[] = [];
  private count = 0;

  /** @param index In the request's `series`. @param unitOf Of a series id. */
  constructor(
    private readonly index: number,
    private readonly unitOf: (seriesId: number) => string,
  ) {}

  /** @returns Frames that are complete. */
  *add(run: HourRun): Generator<Uint8Array, void, undefined> {
    if (this.hour.length > 0 && this.hour[0]!.hourUs !== run.hourUs) yield* this.endHour();
    if (run.at.length > 0) this.hour.push(run);
  }

  *finish(): Generator<Uint8Array, void, undefined> {
    yield* this.endHour();
    yield* this.flush();
  }

  private *endHour(): Generator<Uint8Array, void, undefined> {
    const runs = this.hour.length > 1 ? splitBySeries(mergeRuns(this.hour), this.hour[0]!.hourUs) : this.hour;
    this.hour = [];
    for (const run of runs) {
      if (this.count > 0 && (this.runs[0]!.seriesId !== run.seriesId || this.count >= FRAME_READINGS)) yield* this.flush();
      this.runs.push(run);
      this.count += run.at.length;
    }
  }

  private *flush(): Generator<Uint8Array, void, undefined> {
    const { runs, count } = this;
    if (count === 0) return;
    [this.runs, this.count] = [[], 0];
    const about = {
      series: this.index,
      unit: this.unitOf(runs[0]!.seriesId),
      recordedAtUs: joined(
        runs.map(({ at }) => at),
        count,
      ),
    };
    yield encodeReadingFrame(
      runs[0]!.words
        ? { ...about, values: null, words: runs.flatMap(({ words }) => words ?? []) }
        : {
            ...about,
            values: joined(
              runs.map(({ values }) => values),
              count,
            ),
            words: null,
          },
    );
  }
}

function joined(parts: readonly Float64Array[], length: number): Float64Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function splitBySeries(readings: ReturnType<typeof mergeRuns>, hourUs: number): HourRun[] {
  const runs: HourRun[] = [];
  for (let from = 0, to = 0; from < readings.length; from = to) {
    const { run } = readings[from]!;
    while (to < readings.length && readings[to]!.run.seriesId === run.seriesId) to++;
    const part = readings.slice(from, to);
    runs.push({
      seriesId: run.seriesId,
      hourUs,
      at: Float64Array.from(part, (reading) => reading.run.at[reading.index]!),
      values: run.words ? run.values : Float64Array.from(part, (reading) => reading.run.values[reading.index]!),
      words: run.words && part.map((reading) => reading.run.words![reading.index]!),
    });
  }
  return runs;
}
