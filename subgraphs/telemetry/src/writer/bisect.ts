import type { LogEntry } from '@pulsegraph/kit/event-log';
import { isPoison, rejectionOf } from './poison.js';

type Store = (entries: readonly LogEntry[]) => Promise<void>;

/**
 * Stores what can be stored. What Postgres refuses for its content is found by halving and becomes a dead letter, down to
 * the single reading; its neighbours are stored. Any other failure is thrown.
 */
export async function storeAroundPoison(
  entries: readonly LogEntry[],
  store: Store,
  onPoison: (error: Error, entry: LogEntry) => void,
): Promise<void> {
  try {
    await store(entries);
  } catch (error) {
    if (!isPoison(error)) throw error;
    if (entries.length > 1) {
      const middle = entries.length >> 1;
      await storeAroundPoison(entries.slice(0, middle), store, onPoison);
      await storeAroundPoison(entries.slice(middle), store, onPoison);
      return;
    }
    const [entry] = entries;
    const { record } = entry!;
    if (record.type === 'readings' && record.readings.length > 1) {
      const middle = record.readings.length >> 1;
      for (const readings of [record.readings.slice(0, middle), record.readings.slice(middle)]) {
        await storeAroundPoison([{ ...entry!, record: { ...record, readings } }], store, onPoison);
      }
      return;
    }
    onPoison(error, entry!);
    // A rejection that cannot be stored is in the log by now, and nothing else can be done for it.
    if (record.type !== 'readings') return;
    await storeAroundPoison([{ ...entry!, record: rejectionOf(record, error) }], store, onPoison);
  }
}

/** Parts of about this many readings, so that a transaction stays short and memory bounded. */
export function* partsOf(entries: readonly LogEntry[], maxReadings: number): Generator<readonly LogEntry[]> {
  let start = 0;
  let readings = 0;
  for (let end = 0; end < entries.length; end++) {
    const { record } = entries[end]!;
    const size = record.type === 'readings' ? record.readings.length : 1;
    if (end > start && readings + size > maxReadings) {
      yield entries.slice(start, end);
      start = end;
      readings = 0;
    }
    readings += size;
  }
  if (start < entries.length) yield start === 0 ? entries : entries.slice(start);
}
