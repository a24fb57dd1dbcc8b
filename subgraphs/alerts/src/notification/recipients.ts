import type { Contact } from '@pulsegraph/contracts';
import type { ChannelKind, OpenSettings } from '../channel/settings.rules.js';
import type { Sql } from '../sql.js';

export interface Reachable {
  id: string;
  organizationId: string;
  kind: ChannelKind;
  settings: OpenSettings;
}

const PUSH = 'push:';
export const pushSubscriptionIdOf = (recipient: string) => recipient.slice(PUSH.length);

/** Whether a channel reaches people by who they are, beside those that it names itself. */
export const reachesPeople = (kind: ChannelKind) => kind === 'EMAIL' || kind === 'WEB_PUSH';

/**
 * Whom a channel reaches, each once: an address, a number, a browser, or the channel itself where another system is behind it.
 * @param people Whom a step of escalation names beside the channel's own.
 */
export async function recipientsOf(sql: Sql, channel: Reachable, people: readonly Pick<Contact, 'id' | 'email'>[]): Promise<string[]> {
  const { id, organizationId, kind, settings } = channel;
  switch (kind) {
    case 'EMAIL':
      return unique([...(settings.to as string[]), ...people.map(({ email }) => email)].map((address) => address.toLowerCase()));
    case 'SMS':
      return unique(settings.to as string[]);
    case 'WEBHOOK':
    case 'SLACK':
      return [`${kind.toLowerCase()}:${id}`];
    case 'WEB_PUSH': {
      const named = unique([...((settings.userIds as string[] | undefined) ?? []), ...people.map((person) => person.id)]);
      const rows = await sql<{ id: string }>(
        `select id from push_subscription where organization_id = $1 and (user_id = any($2) or cardinality($2::text[]) = 0) order by created_at, id`,
        [organizationId, named],
      );
      return rows.map((row) => `${PUSH}${row.id}`);
    }
  }
}

const unique = (items: readonly string[]) => [...new Set(items)];
