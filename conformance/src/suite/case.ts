import type { Stage } from './stage.js';

/**
 * `specification`: GraphQL, Federation or the transport's protocol demand it. `robustness`: none of them says so, but a
 * client in production cannot do without. `extension`: beyond both; a gateway without it is `unsupported`, not wrong.
 */
export type Level = 'specification' | 'robustness' | 'extension';

/** What the suite must be able to do to the gateway: give it another supergraph, start it again, sign tokens for it. */
export type Need = 'reload' | 'restart' | 'auth';

export interface ConformanceCase {
  /** `group/name`; never reused. */
  id: string;
  name: string;
  why: string;
  level: Level;
  needs?: Need;
  /** Spends its time waiting: runs beside the others. */
  waits?: boolean;
  /**
   * @returns evidence worth showing with a pass.
   * @throws Fail or Unsupported
   */
  run(stage: Stage): Promise<string | undefined>;
}
