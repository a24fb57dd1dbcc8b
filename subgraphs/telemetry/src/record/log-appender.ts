import type { LogRecord } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';
import { LogFullError, type EventLog } from '@pulsegraph/kit/event-log';

/** Appends for a person who waits. Resolves when the records are safe. @throws RATE_LIMITED when the log is full. */
export async function appendOrSlowDown(eventLog: EventLog, records: readonly LogRecord[]): Promise<void> {
  try {
    await eventLog.append(records);
  } catch (error) {
    if (!(error instanceof LogFullError)) throw error;
    const { retryAfterMs } = error;
    throw new DomainError('RATE_LIMITED', `The platform is busy; try again in ${retryAfterMs} ms.`, { retryAfterMs }, { cause: error });
  }
}
