import type { ConsumerGroup, LogRecord } from '@pulsegraph/contracts';
import type { Log } from '../log/index.js';
import { deliverUntilHandled } from './deliver.js';
import { DEFAULT_MAX_BATCH_RECORDS, type BatchHandler, type EventLog, type LogConsumer, type LogEntry } from './event-log.js';

export interface MemoryEventLogOptions {
  /** Estimated heap of records that some group has not handled yet. Beyond it `append` waits. Default 64 MiB. */
  maxBytesInFlight?: number;
  /** Groups that will come: records appended before one attaches wait for it. */
  groups?: readonly ConsumerGroup[];
  log?: Log;
}

interface Group {
  /** Records handled, counted from the beginning of the log. */
  handled: number;
  /** Ends the pause of a consumer that has nothing to do. */
  wake: (() => void) | null;
  /** Settles when the present consumer has given up its place; the next one waits for it. */
  turn: Promise<void>;
}
interface Append {
  /** Count of records up to and with this append. */
  end: number;
  bytes: number;
  resolve: () => void;
  reject: (error: Error) => void;
}
interface WaitingAppend extends Omit<Append, 'end'> {
  records: readonly LogRecord[];
}

/**
 * The log of a process that is everything at once. `append` resolves when every group that is known at that moment has
 * handled the records, so that an acknowledgement means stored. Nothing is copied or serialised: the groups share one
 * array and each is a number of records ahead in it.
 */
export function createMemoryEventLog({
  maxBytesInFlight = 64 * 1024 * 1024,
  groups: expected = [],
  log,
}: MemoryEventLogOptions = {}): EventLog {
  // Positions go on growing after a restart, as those of a stream do.
  const epoch = Date.now();
  const groups = new Map<ConsumerGroup, Group>();
  const consumers = new Set<LogConsumer>();
  let entries: LogEntry[] = [];
  /** Records before entries[0]. */
  let base = 0;
  let appended = 0;
  let bytesInFlight = 0;
  let appends: Append[] = [];
  let settled = 0;
  let waiting: WaitingAppend[] = [];
  let closed: Error | null = null;

  const groupOf = (name: ConsumerGroup) => {
    let group = groups.get(name);
    if (!group) groups.set(name, (group = { handled: appended, wake: null, turn: Promise.resolve() }));
    return group;
  };
  for (const name of expected) groupOf(name);

  const fits = (bytes: number) => bytesInFlight === 0 || bytesInFlight + bytes <= maxBytesInFlight;

  const admit = (records: readonly LogRecord[], append: Omit<Append, 'end'>) => {
    if (groups.size === 0) return append.resolve();
    for (const record of records) entries.push({ partition: 0, position: `${epoch}-${++appended}`, record });
    bytesInFlight += append.bytes;
    appends.push({ ...append, end: appended });
    for (const group of groups.values()) group.wake?.();
  };

  /** Settles what every group has handled, and lets in who waited for room. */
  const settle = () => {
    let floor = appended;
    for (const group of groups.values()) floor = Math.min(floor, group.handled);
    while (settled < appends.length && appends[settled]!.end <= floor) {
      const append = appends[settled++]!;
      bytesInFlight -= append.bytes;
      append.resolve();
    }
    if (settled * 2 > appends.length) {
      appends = appends.slice(settled);
      settled = 0;
    }
    if ((floor - base) * 2 > entries.length) {
      entries = entries.slice(floor - base);
      base = floor;
    }
    let admitted = 0;
    while (admitted < waiting.length && fits(waiting[admitted]!.bytes)) {
      const { records, ...append } = waiting[admitted++]!;
      admit(records, append);
    }
    if (admitted > 0) waiting = waiting.slice(admitted);
  };

  const run = async (name: ConsumerGroup, group: Group, handler: BatchHandler, maxBatchRecords: number, isStopping: () => boolean) => {
    while (!isStopping()) {
      if (group.handled === appended) {
        await new Promise<void>((resolve) => (group.wake = resolve));
        group.wake = null;
        // What arrives in the same turn of the event loop goes into the same batch.
        await new Promise<void>((resolve) => setImmediate(resolve));
        continue;
      }
      const from = group.handled - base;
      const batch = entries.slice(from, from + maxBatchRecords);
      if (!(await deliverUntilHandled({ handler, batch, isStopping, log, group: name }))) return;
      group.handled += batch.length;
      settle();
    }
  };

  return {
    append: (records) => {
      if (closed) return Promise.reject(closed);
      if (records.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const append = { bytes: estimateBytes(records), resolve, reject };
        // In line behind who waits already, or records of one device would overtake each other.
        if (waiting.length > 0 || !fits(append.bytes)) waiting.push({ ...append, records });
        else admit(records, append);
      });
    },
    consume: async (name, handler, { maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS } = {}) => {
      if (closed) throw closed;
      const group = groupOf(name);
      let stopping = false;
      let started = false;
      const running = group.turn.then(() => {
        started = true;
        return run(name, group, handler, maxBatchRecords, () => stopping);
      });
      group.turn = running;
      const consumer: LogConsumer = {
        stop: async () => {
          stopping = true;
          group.wake?.();
          consumers.delete(consumer);
          // One that still waits for its turn has nothing in hand.
          if (started) await running;
        },
      };
      consumers.add(consumer);
      return consumer;
    },
    backlog: async (name) => appended - (groups.get(name)?.handled ?? appended),
    ping: () => (closed ? Promise.reject(closed) : Promise.resolve()),
    close: async () => {
      if (closed) return;
      closed = new Error('The event log is closed.');
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      // Who appended these has had no answer, and will send again.
      for (const append of [...appends.slice(settled), ...waiting]) append.reject(closed);
    },
  };
}

/** Cheap and roughly right: what bounds memory must not cost more than the work itself. */
function estimateBytes(records: readonly LogRecord[]): number {
  let bytes = 0;
  for (const record of records) {
    if (record.type === 'readings') bytes += 300 + 120 * record.readings.length;
    else if (record.type === 'rejection') bytes += 600 + 2 * record.payload.length;
    else bytes += 1_000;
  }
  return bytes;
}
