import type { LogRecord } from '@pulsegraph/contracts';
import { LogFullError, type EventLog } from '@pulsegraph/kit/event-log';

/** An event log whose answers a test decides. */
export interface ControllableLog extends EventLog {
  /** What was appended and acknowledged, in order. */
  readonly records: readonly LogRecord[];
  /** Appends, and records, that wait for `release`. */
  readonly waiting: number;
  readonly waitingRecords: number;
  /** From now on appends wait. */
  hold(): void;
  release(): void;
  /** The next appends reject with LogFullError. */
  failNext(times: number): void;
}

export function controllableLog(): ControllableLog {
  const records: LogRecord[] = [];
  let held: { records: readonly LogRecord[]; resolve: () => void }[] | null = null;
  let failures = 0;
  return {
    records,
    get waiting() {
      return held?.length ?? 0;
    },
    get waitingRecords() {
      return held?.reduce((sum, append) => sum + append.records.length, 0) ?? 0;
    },
    hold: () => void (held ??= []),
    release: () => {
      const appends = held ?? [];
      held = null;
      for (const append of appends) {
        records.push(...append.records);
        append.resolve();
      }
    },
    failNext: (times) => void (failures = times),
    append: (more) => {
      if (failures > 0) {
        failures--;
        return Promise.reject(new LogFullError(5));
      }
      if (held) return new Promise((resolve) => held!.push({ records: more, resolve }));
      records.push(...more);
      return Promise.resolve();
    },
    consume: () => Promise.reject(new Error('nobody reads this log')),
    backlog: async () => records.length,
    ping: async () => undefined,
    close: async () => undefined,
  };
}
