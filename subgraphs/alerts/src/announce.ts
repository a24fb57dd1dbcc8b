import { busChannel, METRIC, type AlertTransition, type ChangeWakeUp } from '@pulsegraph/contracts';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { counter } from '@pulsegraph/kit/metrics';

/** Rules have changed: evaluators read the table. Between this subgraph's own roles only. */
export const RULES_CHANNEL = 'alerts.rules';

/** The same for silences. */
export const SILENCES_CHANNEL = 'alerts.silences';

const transitionsTotal = counter(METRIC.alertTransitions, 'Alert transitions by kind.', ['transition']);

/** Tells of what was committed. The bus is only a fast path: its failure must not make a committed change look failed. */
export class Announcer {
  constructor(
    private readonly bus: LiveBus,
    private readonly log: Log,
  ) {}

  changes(organizationId: string, seq: number, transitions: readonly AlertTransition[]): void {
    for (const transition of transitions) transitionsTotal.inc({ transition });
    this.publish(busChannel.alerts(organizationId), { seq } satisfies ChangeWakeUp);
  }

  rules(): void {
    this.publish(RULES_CHANNEL, {});
  }

  silences(): void {
    this.publish(SILENCES_CHANNEL, {});
  }

  private publish(channel: string, message: object): void {
    this.bus.publish(channel, message).catch((error: unknown) => {
      this.log.warn({ err: error, channel }, 'A wake-up was lost; readers find the change by polling');
    });
  }
}
