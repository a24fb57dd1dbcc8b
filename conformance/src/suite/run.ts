import type { ConformanceCase, Level } from './case.js';
import { Stage, type Target } from './stage.js';
import { Fail, Unsupported, type Verdict } from './verdict.js';

export interface CaseResult {
  id: string;
  name: string;
  why: string;
  level: Level;
  /** `not-run`: the suite was not given what it needs. */
  verdict: Verdict | 'not-run';
  /** What was seen. */
  evidence: string;
  durationMs: number;
}

export interface RunOptions {
  cases: readonly ConformanceCase[];
  target: Target;
  /** The same gateway, asking its callers who they are; null where there is none. */
  authTarget: Target | null;
  onResult: (result: CaseResult) => void;
}

const NEEDED = {
  auth: 'needs a gateway that checks tokens of the suite',
  reload: 'needs the file from which the gateway loads its supergraph',
  restart: 'needs a way to stop and start the gateway',
} as const;

/** Runs every case once. Results are in the order of the cases. */
export async function runCases({ cases, target, authTarget, onResult }: RunOptions): Promise<CaseResult[]> {
  const results = new Map<string, CaseResult>();
  const runOne = async (one: ConformanceCase) => {
    const result = await judge(one, one.needs === 'auth' ? authTarget : target);
    results.set(one.id, result);
    onResult(result);
  };
  // What changes the gateway for everybody comes when nobody else is there.
  const disturbs = ({ needs }: Pick<ConformanceCase, 'needs'>) => needs === 'reload' || needs === 'restart';
  const begin = (auth: boolean) =>
    Promise.all(cases.filter(({ waits, needs }) => waits === true && !disturbs({ needs }) && (needs === 'auth') === auth).map(runOne));
  const [waiting, sessions] = [begin(false), begin(true)];
  for (const one of cases) if (one.waits !== true && !disturbs(one)) await runOne(one);
  await waiting;
  for (const one of cases) if (disturbs(one)) await runOne(one);
  await sessions;
  return cases.map(({ id }) => results.get(id)!);
}

async function judge(one: ConformanceCase, target: Target | null): Promise<CaseResult> {
  const { id, name, why, level, needs } = one;
  const startedAtMs = Date.now();
  const result = (verdict: CaseResult['verdict'], evidence: string): CaseResult => ({
    id,
    name,
    why,
    level,
    verdict,
    evidence,
    durationMs: Date.now() - startedAtMs,
  });
  const missing =
    needs !== undefined && (target === null || (needs === 'reload' && !target.reload) || (needs === 'restart' && !target.control));
  if (missing || target === null) return result('not-run', NEEDED[needs!]);
  const stage = new Stage(target, id);
  try {
    const evidence = await one.run(stage);
    return result('pass', evidence ?? '');
  } catch (error) {
    const died = target.control && !target.control.alive ? '; the gateway’s process has ended' : '';
    if (error instanceof Unsupported) return result('unsupported', error.message + died);
    if (error instanceof Fail) return result('fail', error.message + died);
    return result(
      'fail',
      `the suite’s own fault, or one it does not know: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}${died}`,
    );
  } finally {
    stage.strike();
    target.world.holds.releaseAll();
    await target.reload?.heal();
    if (target.control && !target.control.alive) await target.control.start();
  }
}
