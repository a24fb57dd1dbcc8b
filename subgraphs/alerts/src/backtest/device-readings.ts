import type { ReadingFrame } from '@pulsegraph/contracts';
import type { Replay } from './replay.js';

/** A place in the frames of one series. */
interface Column {
  metric: string;
  frames: ReadingFrame[];
  frame: number;
  index: number;
}

/** Feeds frames of one metric, which come in order. */
export function feedFrame(replay: Replay, metric: string, { unit, recordedAtUs, values, words }: ReadingFrame): void {
  for (let index = 0; index < recordedAtUs.length; index++) {
    replay.feed(metric, unit, recordedAtUs[index]!, values ? values[index]! : NaN, words ? words[index]! : null);
  }
}

/** Feeds the frames of several metrics of one device in the order of time. */
export function feedMerged(replay: Replay, byMetric: ReadonlyMap<string, ReadingFrame[]>): void {
  const columns: Column[] = [...byMetric].map(([metric, frames]) => ({ metric, frames, frame: 0, index: 0 }));
  for (;;) {
    let next: Column | undefined;
    let nextUs = Infinity;
    for (const column of columns) {
      const atUs = column.frames[column.frame]?.recordedAtUs[column.index];
      if (atUs !== undefined && atUs < nextUs) [next, nextUs] = [column, atUs];
    }
    if (!next) return;
    const { unit, values, words, recordedAtUs } = next.frames[next.frame]!;
    replay.feed(next.metric, unit, nextUs, values ? values[next.index]! : NaN, words ? words[next.index]! : null);
    if (++next.index === recordedAtUs.length) [next.frame, next.index] = [next.frame + 1, 0];
  }
}
