import type { AnomalyWindow } from './nab-labels.js';

/** One recording as the benchmark sees it. */
export interface Scored {
  key: string;
  category: string;
  scores: Float64Array;
  windows: readonly AnomalyWindow[];
}

export interface Profile {
  foundWeight: number;
  missedWeight: number;
  falseAlarmWeight: number;
}

/** The application profiles of the Numenta Anomaly Benchmark, v1.1. */
export const PROFILES = {
  standard: { foundWeight: 1, missedWeight: 1, falseAlarmWeight: 0.11 },
  lowFalsePositives: { foundWeight: 1, missedWeight: 1, falseAlarmWeight: 0.22 },
  lowFalseNegatives: { foundWeight: 1, missedWeight: 2, falseAlarmWeight: 0.11 },
} as const satisfies Record<string, Profile>;

export interface Outcome {
  threshold: number;
  /** 0: as one that detects nothing, 100: every window at its first row and nothing else. */
  score: number;
  found: number;
  windows: number;
  falseAlarms: number;
}

const PROBATION_SHARE = 0.15;
const MOST_PROBATION_ROWS = 750;

/** What the recordings score when every row at or above the threshold is a detection. */
export function scoreAt(recordings: readonly Scored[], profile: Profile, threshold: number): Outcome {
  const tally = new Tally(recordings, profile);
  for (const detection of detectionsOf(recordings)) if (detection.score >= threshold) tally.add(detection);
  return tally.outcome(threshold);
}

/** The best of all thresholds, one for all recordings, as the benchmark chooses it: on the labels themselves. */
export function scoreSwept(recordings: readonly Scored[], profile: Profile): Outcome {
  const tally = new Tally(recordings, profile);
  const detections = detectionsOf(recordings).sort((a, b) => b.score - a.score);
  let best = tally.outcome(1.1);
  detections.forEach((detection, index) => {
    tally.add(detection);
    if (detections[index + 1]?.score === detection.score) return;
    const outcome = tally.outcome(detection.score);
    if (outcome.score > best.score) best = outcome;
  });
  return best;
}

/** Each category scored with the threshold that is best for the others. */
export function scoreLeavingOut(recordings: readonly Scored[], profile: Profile): { score: number; byCategory: Record<string, Outcome> } {
  const byCategory: Record<string, Outcome> = {};
  let [gained, possible] = [0, 0];
  for (const category of new Set(recordings.map((each) => each.category))) {
    const { threshold } = scoreSwept(
      recordings.filter((each) => each.category !== category),
      profile,
    );
    const tally = new Tally(
      recordings.filter((each) => each.category === category),
      profile,
    );
    for (const detection of detectionsOf(tally.recordings)) if (detection.score >= threshold) tally.add(detection);
    byCategory[category] = tally.outcome(threshold);
    gained += tally.gained;
    possible += tally.possible;
  }
  return { score: (100 * gained) / possible, byCategory };
}

interface Detection {
  recording: Scored;
  row: number;
  score: number;
}

/** Rows after probation whose score is not nothing. */
function detectionsOf(recordings: readonly Scored[]): Detection[] {
  return recordings.flatMap((recording) => {
    const found: Detection[] = [];
    const probation = Math.min(Math.floor(PROBATION_SHARE * recording.scores.length), MOST_PROBATION_ROWS);
    for (let row = probation; row < recording.scores.length; row++)
      if (recording.scores[row]! > 0) found.push({ recording, row, score: recording.scores[row]! });
    return found;
  });
}

/** Detections in any order; what they gained over a detector that is silent. */
class Tally {
  gained = 0;
  readonly possible: number;
  private readonly windows: number;
  private readonly credit = new Map<AnomalyWindow, number>();
  private falseAlarms = 0;

  constructor(
    readonly recordings: readonly Scored[],
    private readonly profile: Profile,
  ) {
    this.windows = recordings.reduce((sum, { windows }) => sum + windows.length, 0);
    this.possible = this.windows * (profile.foundWeight + profile.missedWeight);
  }

  add({ recording: { windows }, row }: Detection): void {
    const window = windows.find(([first, last]) => row >= first && row <= last);
    if (!window) {
      this.falseAlarms += 1;
      this.gained +=
        this.profile.falseAlarmWeight *
        afterWindow(
          windows.findLast(([, last]) => last < row),
          row,
        );
      return;
    }
    // Only the earliest detection counts, and it is the one worth most.
    const worth = this.profile.foundWeight * insideWindow(window, row);
    const before = this.credit.get(window);
    if (before === undefined) this.gained += this.profile.missedWeight + worth;
    else if (worth > before) this.gained += worth - before;
    this.credit.set(window, Math.max(before ?? worth, worth));
  }

  outcome(threshold: number): Outcome {
    const score = this.possible === 0 ? 0 : (100 * this.gained) / this.possible;
    return { threshold, score, found: this.credit.size, windows: this.windows, falseAlarms: this.falseAlarms };
  }
}

/** 1 at the first row, near 0 at the last. */
function insideWindow([first, last]: AnomalyWindow, row: number): number {
  return sigmoid(-(last - row + 1) / (last - first + 1)) / sigmoid(-1);
}

/** From near 0 right after a window to −1 far from it. */
function afterWindow(window: AnomalyWindow | undefined, row: number): number {
  return window ? sigmoid((row - window[1]) / (window[1] - window[0])) : -1;
}

function sigmoid(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}
