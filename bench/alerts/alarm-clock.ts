import { startReceiver, type TestReceiver } from '@pulsegraph/testkit';
import type { Client } from 'graphql-ws';
import { connect } from '../../e2e/client/graphql-client.js';
import type { Series } from './rules.js';

interface Change {
  alertChanged: { transition: string; alert: { id: string; deviceId: string; metric: string } };
}

const CHANGES = 'subscription { alertChanged { transition alert { id deviceId metric } } }';
const keyOf = ({ deviceId, metric }: Series) => `${deviceId}/${metric}`;

/** When each alarming reading was published, its alert reached a client, and its webhook was called; all by one clock. */
export class AlarmClock {
  private readonly published = new Map<string, number>();
  private readonly changed = new Map<string, { alertId: string; atMs: number }>();
  private readonly called = new Map<string, number>();

  private constructor(
    private readonly client: Client,
    private readonly receiver: TestReceiver,
  ) {
    client.subscribe<Change>(
      { query: CHANGES },
      {
        next: ({ data }) => {
          if (data?.alertChanged.transition !== 'RAISED') return;
          const { alert } = data.alertChanged;
          this.changed.set(keyOf(alert), { alertId: alert.id, atMs: performance.now() });
        },
        error: (error) => console.error('alertChanged ended:', error),
        complete: () => undefined,
      },
    );
    receiver.reply = ({ body }) => {
      const atMs = performance.now();
      const { data } = JSON.parse(body) as { data: { alerts: { alertId: string | null }[] } };
      for (const { alertId } of data.alerts) if (alertId !== null && !this.called.has(alertId)) this.called.set(alertId, atMs);
      return { status: 204 };
    };
  }

  static async start(url: string, token: string): Promise<AlarmClock> {
    return new AlarmClock(connect(url, token), await startReceiver());
  }

  get webhookUrl(): string {
    return this.receiver.url;
  }

  note(series: Series): void {
    this.published.set(keyOf(series), performance.now());
  }

  hasRaised(series: Series): boolean {
    return this.times([series]).missing === 0;
  }

  /** Milliseconds since publishing, of those that arrived both ways. */
  times(series: readonly Series[]): { changedMs: number[]; calledMs: number[]; missing: number } {
    const times = { changedMs: [] as number[], calledMs: [] as number[], missing: 0 };
    for (const each of series) {
      const publishedAtMs = this.published.get(keyOf(each));
      const change = this.changed.get(keyOf(each));
      const calledAtMs = change && this.called.get(change.alertId);
      if (publishedAtMs === undefined || calledAtMs === undefined) times.missing++;
      else {
        times.changedMs.push(change!.atMs - publishedAtMs);
        times.calledMs.push(calledAtMs - publishedAtMs);
      }
    }
    return times;
  }

  async stop(): Promise<void> {
    await this.client.dispose();
    await this.receiver.stop();
  }
}
