import type { Log } from '../log/index.js';
import { stopTracing } from '../tracing/index.js';

export interface ShutdownStep {
  name: string;
  run: () => Promise<void> | void;
}

/**
 * Runs the steps in order (stop accepting, drain, flush, close). A step that fails is logged and does not keep the rest
 * from running. After `graceMs` the process ends regardless, so that a stuck peer cannot hold a deploy.
 */
export async function shutDown(steps: readonly ShutdownStep[], graceMs: number, log: Log): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), graceMs)));
  const done = (async () => {
    for (const step of steps) {
      try {
        await step.run();
      } catch (error) {
        log.error({ err: error, step: step.name }, 'Shutdown step failed');
      }
    }
    return true as const;
  })();
  const inTime = await Promise.race([done, late]);
  clearTimeout(timer);
  if (!inTime) log.warn({ graceMs }, 'Shutdown took longer than its grace; ending now');
  return inTime;
}

/** Ends the process with 0 on SIGINT or SIGTERM after `stop`; a second signal ends it at once. */
export function onSignals(stop: () => Promise<void>, log: Log): void {
  let stopping = false;
  const handle = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'Shutting down');
    stop()
      .then(stopTracing)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'Shutdown failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
}
