import { randomUUID } from 'node:crypto';
import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Sealer } from '@pulsegraph/kit/sealing';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { AddressPolicy } from '../notification/address-guard.js';
import { openSecrets, sealSecrets } from './channel-vault.js';
import { parseChannel, parseSettings, type ChannelDraft } from './channel.rules.js';
import { NotificationChannel } from './notification-channel.entity.js';
import { nameTaken, type NotificationChannelRepository } from './notification-channel.repository.js';
import { splitSettings, withKeptSecrets } from './settings.rules.js';

export class NotificationChannelService {
  constructor(
    private readonly channels: NotificationChannelRepository,
    private readonly sealer: Sealer,
    private readonly addresses: AddressPolicy,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws BAD_USER_INPUT with the path of what is wrong */
  async create(viewer: Viewer, input: unknown): Promise<NotificationChannel> {
    requireSubject(viewer);
    const { organizationId } = viewer;
    const draft = parseChannel(input);
    const id = randomUUID();
    const at = new Date(this.now());
    const channel = Object.assign(new NotificationChannel(), {
      id,
      organizationId,
      ...this.stored(id, draft, {}),
      createdAt: at,
      updatedAt: at,
      deletedAt: null,
      failures: 0,
      openUntil: null,
    });
    await this.channels.within(organizationId, (manager) => manager.save(NotificationChannel, channel)).catch(nameTaken);
    return channel;
  }

  /** A secret that is left out, or comes back masked, stays. @throws NOT_FOUND, BAD_USER_INPUT */
  update(viewer: Viewer, id: string, input: unknown): Promise<NotificationChannel> {
    requireSubject(viewer);
    const draft = parseChannel(input);
    return this.channels
      .within(viewer.organizationId, async (manager) => {
        const channel = await this.channels.lock(manager, id);
        if (channel.kind !== draft.kind) throw errors.badUserInput('input.kind', 'cannot be changed: make another channel');
        const kept = openSecrets(this.sealer, id, channel.sealed);
        // What was wrong with it may be right now: the next delivery finds out at once.
        Object.assign(channel, this.stored(id, draft, kept), { updatedAt: new Date(this.now()), failures: 0, openUntil: null });
        return manager.save(NotificationChannel, channel);
      })
      .catch(nameTaken);
  }

  /** Its log stays, its secrets go. @throws NOT_FOUND; CONFLICT while a policy uses it */
  async delete(viewer: Viewer, id: string): Promise<string> {
    requireSubject(viewer);
    await this.channels.within(viewer.organizationId, async (manager) => {
      const channel = await this.channels.lock(manager, id);
      const policies = await this.channels.policiesUsing(manager, id);
      if (policies.length > 0) {
        throw errors.conflict(`A step of ${policies.join(', ')} uses this channel: take it out there first.`, { policies });
      }
      await manager.save(NotificationChannel, Object.assign(channel, { deletedAt: new Date(this.now()), sealed: null }));
    });
    return id;
  }

  private stored(id: string, draft: ChannelDraft, kept: Record<string, string>) {
    const { kind } = draft;
    const settings = parseSettings(kind, withKeptSecrets(kind, draft.settings, kept), this.addresses);
    const { open, secrets } = splitSettings(kind, settings);
    return { ...draft, settings: open, sealed: sealSecrets(this.sealer, id, secrets) };
  }
}
