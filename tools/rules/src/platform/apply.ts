import type { PlatformClient } from '@pulsegraph/platform-client';
import type { Channel, Policy, Rule } from '../document.js';
import type { Change } from '../plan/plan.js';
import type { Installation } from './installation.js';
import { MUTATIONS } from './queries.js';
import type { References } from './references.js';

type Id = { id: string };

/** Carries the changes out one by one; after a failure, what was done stays and the next run does the rest. */
export class Applier {
  constructor(
    private readonly platform: PlatformClient,
    private readonly references: References,
    private readonly installation: Installation,
  ) {}

  /** Looks up every name before anything is changed. @throws Error for a device, profile, asset or user that is not there. */
  async check(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      if (change.action === 'delete') continue;
      try {
        if (change.kind === 'rule') await this.target(change.after);
        else if (change.kind === 'policy') await Promise.all(change.after.steps.map((step) => this.userIds(step.users)));
        else await this.settings(change.after);
      } catch (error) {
        throw new Error(`${change.kind} "${change.name}": ${(error as Error).message}`, { cause: error });
      }
    }
  }

  async carryOut(change: Change): Promise<void> {
    if (change.action === 'delete') return this.remove(change);
    if (change.kind === 'channel') return this.writeChannel(change.after);
    if (change.kind === 'policy') return this.writePolicy(change.after);
    return this.writeRule(change.after);
  }

  private async remove({ kind, name }: Extract<Change, { action: 'delete' }>): Promise<void> {
    if (kind === 'rule') await this.platform.request(MUTATIONS.deleteRule, { id: this.installation.rules.get(name)!.id });
    else await this.platform.request(MUTATIONS.deleteChannel, { id: this.installation.channelIds.get(name) });
  }

  private async writeChannel(channel: Channel): Promise<void> {
    const { channelIds } = this.installation;
    const id = channelIds.get(channel.name);
    const input = { ...channel, settings: await this.settings(channel) };
    if (id !== undefined) await this.platform.request(MUTATIONS.updateChannel, { id, input });
    else {
      const { createNotificationChannel } = await this.platform.request<{ createNotificationChannel: Id }>(MUTATIONS.createChannel, {
        input,
      });
      channelIds.set(channel.name, createNotificationChannel.id);
    }
  }

  private async writePolicy({ name, steps }: Policy): Promise<void> {
    const { policyIds, channelIds } = this.installation;
    const input = {
      name,
      steps: await Promise.all(
        steps.map(async ({ after, channels, users }) => ({
          after,
          channelIds: channels.map((channel) => channelIds.get(channel)),
          userIds: await this.userIds(users),
        })),
      ),
    };
    const { saveEscalationPolicy } = await this.platform.request<{ saveEscalationPolicy: Id }>(MUTATIONS.savePolicy, {
      id: policyIds.get(name),
      input,
    });
    policyIds.set(name, saveEscalationPolicy.id);
  }

  private async writeRule(rule: Rule): Promise<void> {
    const { name, enabled, severity, condition, escalationPolicy } = rule;
    const input = {
      name,
      enabled,
      severity,
      condition,
      target: await this.target(rule),
      escalationPolicyId: escalationPolicy === undefined ? null : this.installation.policyIds.get(escalationPolicy),
    };
    const known = this.installation.rules.get(name);
    if (known) await this.platform.request(MUTATIONS.updateRule, { id: known.id, expectedVersion: known.version, input });
    else await this.platform.request(MUTATIONS.createRule, { input });
  }

  private async target({ target: { devices, profile, asset, labels } }: Rule) {
    return {
      deviceIds: devices && (await Promise.all(devices.map((key) => this.references.deviceId(key)))),
      profileId: profile === undefined ? undefined : await this.references.profileId(profile),
      assetId: asset && (await this.references.assetId(asset)),
      labels,
    };
  }

  private async settings({ settings: { users, ...settings } }: Channel) {
    return Array.isArray(users) ? { ...settings, userIds: await this.userIds(users.map(String)) } : settings;
  }

  private userIds = async (emails: readonly string[] | undefined) =>
    emails && (await Promise.all(emails.map((email) => this.references.userId(email))));
}
