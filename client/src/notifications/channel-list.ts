import { Component, inject, signal } from '@angular/core';
import { Attempt } from '../core/attempt';
import type { DeliveryPartsFragment } from '../core/delivery.generated';
import { words } from '../core/format';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { RULE_TABS } from '../core/sections';
import { Session } from '../core/session';
import { Confirm } from '../ui/confirm';
import { DeliveryList } from '../ui/delivery-list';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { ChannelForm } from './channel-form';
import { destinationOf, KIND_NAMES, type Settings } from './channel-settings';
import {
  ChannelDeliveriesDocument,
  DeleteNotificationChannelDocument,
  NotificationChannelsDocument,
  TestNotificationChannelDocument,
  type ChannelPartsFragment,
} from './channels.generated';

const PAGE = 50;

/** The ways in which people and other systems hear of alerts. */
@Component({
  selector: 'pg-channel-list',
  imports: [ChannelForm, Confirm, DeliveryList, Notice, Paging, SectionTabs],
  templateUrl: './channel-list.html',
})
export class ChannelList {
  private readonly graph = inject(Graph);
  protected readonly session = inject(Session);
  protected readonly tabs = RULE_TABS;
  protected readonly kinds = KIND_NAMES;
  protected readonly words = words;
  protected readonly list = new PagedList<ChannelPartsFragment>(
    async (after, signal) =>
      (await this.graph.query(NotificationChannelsDocument, { first: PAGE, after }, signal)).data.notificationChannels,
  );
  protected readonly editing = signal<ChannelPartsFragment | 'new' | null>(null);
  protected readonly deleting = signal<ChannelPartsFragment | null>(null);
  protected readonly attempt = new Attempt();
  protected readonly testing = signal<string | null>(null);
  /** Logs that somebody opened, by channel. */
  protected readonly logs = signal<ReadonlyMap<string, readonly DeliveryPartsFragment[]>>(new Map());

  constructor() {
    void this.list.load();
  }

  protected destination({ settings }: ChannelPartsFragment): string {
    return destinationOf(settings as Settings);
  }

  protected saved(channel: ChannelPartsFragment): void {
    this.list.put(channel);
    this.editing.set(null);
  }

  protected async test({ id }: ChannelPartsFragment): Promise<void> {
    this.testing.set(id);
    await this.attempt.run(async () => {
      const delivery = (await this.graph.mutate(TestNotificationChannelDocument, { id })).testNotificationChannel;
      const before = this.logs().get(id) ?? [];
      this.logs.update((logs) => new Map(logs).set(id, [delivery, ...before.filter((other) => other.id !== delivery.id)]));
    });
    this.testing.set(null);
  }

  /** Asked for all listed channels at once: one answer serves whichever is opened next. */
  protected async readLogs(open: boolean): Promise<void> {
    if (!open) return;
    await this.attempt.run(async () => {
      const { nodes } = (await this.graph.query(ChannelDeliveriesDocument, { first: PAGE, after: null })).data.notificationChannels;
      this.logs.set(new Map(nodes.map(({ id, deliveries }) => [id, deliveries.nodes])));
    });
  }

  protected async delete({ id }: ChannelPartsFragment): Promise<void> {
    await this.attempt.run(async () => {
      await this.graph.mutate(DeleteNotificationChannelDocument, { id });
      this.list.drop(id);
      this.deleting.set(null);
    });
  }
}
