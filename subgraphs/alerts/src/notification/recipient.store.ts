import type { Sealer } from '@pulsegraph/kit/sealing';
import type { Pool } from 'pg';
import { keysPlace } from '../push/push-subscription.service.js';
import type { PushTarget } from '../transport/web-push.js';
import { pushSubscriptionIdOf } from './recipients.js';
import type { OptOuts } from './sender.js';

/** Who wants no more messages by SMS, and the browsers that are registered. */
export class RecipientStore implements OptOuts {
  constructor(
    private readonly pool: Pool,
    private readonly sealer: Sealer,
    private readonly clock: () => number,
  ) {}

  async has(channelId: string, recipient: string): Promise<boolean> {
    const { rowCount } = await this.pool.query('select from sms_opt_out where channel_id = $1 and recipient = $2', [channelId, recipient]);
    return (rowCount ?? 0) > 0;
  }

  async note(
    { id, organizationId }: { id: string; organizationId: string },
    recipient: string,
    because: 'OPTED_OUT' | 'GONE',
  ): Promise<void> {
    if (because === 'GONE') {
      await this.pool.query('delete from push_subscription where id = $1', [pushSubscriptionIdOf(recipient)]);
      return;
    }
    await this.pool.query(
      'insert into sms_opt_out (organization_id, channel_id, recipient, at) values ($1, $2, $3, $4) on conflict do nothing',
      [organizationId, id, recipient, new Date(this.clock())],
    );
  }

  async lift(channelId: string, recipient: string): Promise<void> {
    await this.pool.query('delete from sms_opt_out where channel_id = $1 and recipient = $2', [channelId, recipient]);
  }

  /** Null once the browser is registered no more. */
  async pushTarget(recipient: string): Promise<PushTarget | null> {
    const id = pushSubscriptionIdOf(recipient);
    const { rows } = await this.pool.query<{ endpoint: string; sealed: string }>(
      'select endpoint, sealed from push_subscription where id = $1',
      [id],
    );
    const [row] = rows;
    if (!row) return null;
    return { endpoint: row.endpoint, ...(JSON.parse(this.sealer.open(row.sealed, keysPlace(id))) as Omit<PushTarget, 'endpoint'>) };
  }
}
