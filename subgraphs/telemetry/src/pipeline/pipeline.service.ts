import { busChannel, type PipelineStatusMessage } from '@pulsegraph/contracts';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import { inOrganizationPool } from '@pulsegraph/kit/postgres';
import type { Pool } from 'pg';
import { Wakeup, liveIterator } from '../live/live-iterator.js';
import { HEARTBEAT_MS, readPipelineStatus } from './pipeline-status.repository.js';

/** What a writer wrote of itself; the tables are read, so that the figures are those of all writers and survive them. */
export class PipelineService {
  constructor(
    private readonly pool: Pool,
    private readonly bus: LiveBus,
  ) {}

  async status(organizationId: string, requestId = ''): Promise<PipelineStatusMessage> {
    const all = await inOrganizationPool(this.pool, organizationId, (client) => readPipelineStatus(client, [organizationId]), requestId);
    return all.get(organizationId)!;
  }

  /** The status now, then each time a writer says that it changed; also when no writer says anything any more. */
  async follow(organizationId: string): Promise<AsyncIterableIterator<PipelineStatusMessage, void, undefined>> {
    const wakeup = new Wakeup();
    let news: PipelineStatusMessage | undefined;
    let last: PipelineStatusMessage | undefined;
    const subscription = await this.bus.subscribe(busChannel.pipeline(organizationId), (message: PipelineStatusMessage) => {
      news = message;
      wakeup.call();
    });
    const timer = setInterval(() => wakeup.call(), HEARTBEAT_MS);
    return liveIterator({
      wakeup,
      pull: async () => {
        const heard = news;
        news = undefined;
        const status = heard ?? (await this.status(organizationId));
        if (!heard && status.health === last?.health) return undefined;
        return (last = status);
      },
      close: () => {
        clearInterval(timer);
        this.bus.unsubscribe(subscription);
      },
    });
  }
}
