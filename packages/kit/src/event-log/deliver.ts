import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerGroup } from '@pulsegraph/contracts';
import type { Log } from '../log/index.js';
import type { BatchHandler, LogEntry } from './event-log.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** How often a pause looks whether it should end early. */
const STOP_CHECK_MS = 50;

export interface Delivery {
  handler: BatchHandler;
  batch: readonly LogEntry[];
  isStopping: () => boolean;
  group: ConsumerGroup;
  log: Log | undefined;
}

/** Hands over the same batch until the handler accepts it. False: told to stop before it did; the batch is still due. */
export async function deliverUntilHandled({ handler, batch, isStopping, group, log }: Delivery): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await handler(batch);
      return true;
    } catch (error) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      log?.error({ err: error, group, attempt, records: batch.length, pauseMs }, 'A batch was not handled; it will be delivered again');
      for (let waitedMs = 0; waitedMs < pauseMs; waitedMs += STOP_CHECK_MS) {
        if (isStopping()) return false;
        await sleep(STOP_CHECK_MS);
      }
      if (isStopping()) return false;
    }
  }
}
