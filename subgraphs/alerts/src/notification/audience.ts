import { compareSeverity, type Severity } from '@pulsegraph/contracts';
import type { ChannelKind, OpenSettings } from '../channel/settings.rules.js';
import type { StoredStep } from '../escalation-policy/escalation-policy.entity.js';
import type { Sql } from '../sql.js';
import { reachesPeople, recipientsOf } from './recipients.js';
import type { UserDirectory } from './user-directory.js';

export interface PlannedChannel {
  id: string;
  organizationId: string;
  kind: ChannelKind;
  minSeverity: Severity;
  settings: OpenSettings;
}

export interface Addressee {
  channel: PlannedChannel;
  recipient: string;
}

/** Who is told at one stage of one alert: by the rule's policy, or every channel. */
export class Audience {
  constructor(
    private readonly sql: Sql,
    private readonly directory: UserDirectory,
  ) {}

  /**
   * @param steps Of the policy; null for the default: every channel at each stage.
   * @param level 0 when raised, 1… for each step of escalation.
   * @param onMissing Told where people could not be asked for; the others are in the answer.
   */
  async at(
    organizationId: string,
    steps: readonly StoredStep[] | null,
    level: number,
    severity: Severity,
    onMissing: (error: unknown) => void,
  ): Promise<Addressee[]> {
    if (steps === null) return this.of(await this.channels(organizationId, null, severity), []);
    const step = level === 0 ? steps.find(({ afterMs }) => afterMs === 0) : steps.filter(({ afterMs }) => afterMs > 0)[level - 1];
    if (!step) return [];
    const channels = await this.channels(organizationId, step.channelIds, severity);
    const people = step.userIds.length > 0 && channels.some(({ kind }) => reachesPeople(kind));
    try {
      return await this.of(channels, people ? await this.directory.contactsOf(organizationId, step.userIds) : []);
    } catch (error) {
      onMissing(error);
      return this.of(
        channels.filter(({ kind }) => kind !== 'WEB_PUSH'),
        [],
      );
    }
  }

  private async of(channels: readonly PlannedChannel[], people: readonly { id: string; email: string }[]): Promise<Addressee[]> {
    const addressees: Addressee[] = [];
    const told = new Set<string>();
    for (const channel of channels) {
      for (const recipient of await recipientsOf(this.sql, channel, people)) {
        // Two channels of one step may name the same person.
        if (!told.has(recipient)) addressees.push({ channel, recipient });
        told.add(recipient);
      }
    }
    return addressees;
  }

  private async channels(organizationId: string, ids: readonly string[] | null, severity: Severity): Promise<PlannedChannel[]> {
    const rows = await this.sql<PlannedChannel>(
      `select id, organization_id as "organizationId", kind, min_severity as "minSeverity", settings from notification_channel
       where organization_id = $1 and enabled and deleted_at is null and ($2::uuid[] is null or id = any($2)) order by created_at, id`,
      [organizationId, ids],
    );
    return rows.filter(({ minSeverity }) => compareSeverity(severity, minSeverity) <= 0);
  }
}
