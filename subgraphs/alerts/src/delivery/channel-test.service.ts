import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { NotificationChannel } from '../channel/notification-channel.entity.js';
import type { NotificationChannelRepository } from '../channel/notification-channel.repository.js';
import { recipientsOf } from '../notification/recipients.js';
import { sqlOfManager } from '../sql.js';
import { NotificationDelivery } from './notification-delivery.entity.js';
import type { NotificationDeliveryRepository } from './notification-delivery.repository.js';

const LOOK_EVERY_MS = 100;
/** A channel that hangs is answered with the delivery as it stands, before the gateway would give up on us. */
const WAIT_MS = 8_000;

/** The test button: one message to each recipient of a channel, past quiet hours and limits, tried once. */
export class ChannelTestService {
  constructor(
    private readonly channels: NotificationChannelRepository,
    private readonly deliveries: NotificationDeliveryRepository,
    private readonly now: () => number = Date.now,
    private readonly waitMs: number = WAIT_MS,
  ) {}

  /** @returns What became of it: the first that failed, else the first. @throws NOT_FOUND; CONFLICT where nobody would get it */
  async test(viewer: Viewer, channelId: string): Promise<NotificationDelivery> {
    const { name } = requireSubject(viewer);
    const { organizationId } = viewer;
    const { channel, recipients } = await this.channels.within(organizationId, async (manager) => {
      const found = await this.channels.lock(manager, channelId);
      return { channel: found, recipients: await recipientsOf(sqlOfManager(manager), found, []) };
    });
    if (!channel.enabled) throw errors.conflict('This channel is disabled: enable it first.');
    if (recipients.length === 0) throw errors.conflict('Nobody would get it: no browser is registered for this channel.');
    const requested = recipients.map((recipient) => this.testOf(channel, recipient, name));
    await this.deliveries.request(organizationId, channelId, requested);
    const ids = requested.map(({ id }) => id);
    const deadline = Date.now() + this.waitMs;
    for (;;) {
      const byId = new Map((await this.deliveries.findByIds(organizationId, ids)).map((delivery) => [delivery.id, delivery]));
      const all = ids.flatMap((id) => byId.get(id) ?? []);
      const ended = all.every(({ status }) => status !== 'PENDING' && status !== 'RETRYING');
      if (ended || Date.now() > deadline) return all.find(({ status }) => status !== 'DELIVERED') ?? all[0]!;
      await sleep(LOOK_EVERY_MS);
    }
  }

  private testOf(channel: NotificationChannel, recipient: string, by: string): NotificationDelivery {
    const at = new Date(this.now());
    const message = `${by} is testing the channel "${channel.name}". Nothing is wrong.`;
    return Object.assign(new NotificationDelivery(), {
      id: randomUUID(),
      organizationId: channel.organizationId,
      channelId: channel.id,
      alertId: null,
      episode: 0,
      stage: 'test',
      recipient,
      groupKey: 'test',
      status: 'PENDING',
      attempts: 0,
      lastError: null,
      requestedAt: at,
      deliveredAt: null,
      dueAt: at,
      held: null,
      giveUpAt: null,
      uncertain: false,
      messageId: null,
      notice: {
        alertId: null,
        event: 'test',
        level: 0,
        severity: 'LOW',
        kind: 'TEST',
        deviceId: null,
        deviceKey: '',
        deviceName: '',
        ruleId: null,
        ruleName: '',
        message,
        metric: null,
        value: null,
        unit: null,
        threshold: null,
        previousValue: null,
        startedAt: at.toISOString(),
        raisedAt: at.toISOString(),
      },
    } satisfies NotificationDelivery);
  }
}
