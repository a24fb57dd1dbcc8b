import { createLiveClient, resumable, type LiveClient } from '@pulsegraph/live-client';
import { WebSocket } from 'ws';
import { SequenceLedger } from '../ledger/sequence-ledger.js';

interface Event {
  readings: { cursor: string; readings: { deviceKey: string; value: number }[] };
}

const QUERY = `subscription Chaos($after: Cursor, $filter: ReadingFilter!) {
  readings(after: $after, filter: $filter) { cursor readings { deviceKey value } }
}`;

/** One subscription by the published live client on a socket of its own, with a ledger for each device. */
export class ReadingsFollower {
  readonly ledgers = new Map<string, SequenceLedger>();
  disconnects = 0;
  readonly faults: string[] = [];
  private readonly client: LiveClient;
  private readonly stop: () => void;

  constructor(url: string, deviceIds: readonly string[], getToken: () => string) {
    this.client = createLiveClient({ url: `${url.replace(/^http/, 'ws')}/graphql`, webSocketImpl: WebSocket, getToken });
    this.client.on('closed', () => void (this.disconnects += 1));
    this.stop = resumable<Event>(
      this.client,
      { query: QUERY, variables: { filter: { deviceIds } }, cursorPath: 'readings.cursor' },
      {
        next: ({ data, errors }) => {
          if (errors) this.faults.push(JSON.stringify(errors));
          for (const { deviceKey, value } of data?.readings.readings ?? []) this.ledgerOf(deviceKey).enter(value);
        },
        error: (cause) => this.faults.push(`ended: ${JSON.stringify(cause)}`),
        complete: () => this.faults.push('completed'),
        onFilled: (gap, complete) => {
          // Before the first event there is no cursor to go on from, and nothing that could be missed.
          if (!complete && gap.cursor !== null) this.faults.push(`a gap that stays: ${gap.reason}`);
        },
      },
    );
  }

  private ledgerOf(deviceKey: string): SequenceLedger {
    let ledger = this.ledgers.get(deviceKey);
    if (!ledger) this.ledgers.set(deviceKey, (ledger = new SequenceLedger()));
    return ledger;
  }

  /** Has everything up to these numbers. */
  has(newest: ReadonlyMap<string, number>): boolean {
    return [...newest].every(([deviceKey, seq]) => (this.ledgers.get(deviceKey)?.newest ?? 0) >= seq);
  }

  async leave(): Promise<void> {
    this.stop();
    await this.client.dispose();
  }
}
