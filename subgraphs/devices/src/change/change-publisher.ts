import { busChannel, type ChangeWakeUp, type RegistryWakeUp } from '@pulsegraph/contracts';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';

export interface CommittedChanges {
  /** Newest revision of the registry feed, 0 when it did not change. */
  revision: number;
  /** Newest place per organization whose devices changed. */
  seqs: ReadonlyMap<string, number>;
}

/** Wakes those who follow. Called after commit; a wake-up that is lost costs seconds, because followers also poll. */
export class ChangePublisher {
  constructor(
    private readonly bus: LiveBus,
    private readonly log: Log,
  ) {}

  publish({ revision, seqs }: CommittedChanges): void {
    if (revision > 0) this.send(busChannel.registry, { revision } satisfies RegistryWakeUp);
    for (const [organizationId, seq] of seqs) this.send(busChannel.devices(organizationId), { seq } satisfies ChangeWakeUp);
  }

  private send(channel: string, message: unknown): void {
    this.bus.publish(channel, message).catch((error: unknown) => {
      this.log.warn({ err: error, channel }, 'A wake-up was lost; followers will notice by polling');
    });
  }
}
