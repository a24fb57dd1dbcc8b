import type { CaseResult } from '../suite/run.js';

/** One run against one gateway, as it is kept in a file. */
export interface Report {
  gateway: string;
  version: string;
  /** How the gateway was started. */
  setup: string;
  /** The suite's count of itself: reports of different suites are not compared case by case. */
  ranAt: string;
  cases: CaseResult[];
}

export function countsOf(cases: readonly CaseResult[]): Record<CaseResult['verdict'], number> {
  const counts = { pass: 0, fail: 0, unsupported: 0, 'not-run': 0 };
  for (const { verdict } of cases) counts[verdict] += 1;
  return counts;
}
