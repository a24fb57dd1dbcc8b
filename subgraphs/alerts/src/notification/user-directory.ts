import type { Contact } from '@pulsegraph/contracts';

/** Where people can be reached; users knows. */
export interface UserDirectory {
  contactsOf(organizationId: string, userIds: readonly string[]): Promise<Contact[]>;
}

const ANSWER_DEADLINE_MS = 5_000;

/** Over HTTP: `POST /internal/contacts` of the users subgraph. */
export function httpUserDirectory({ url, internalToken }: { url: string; internalToken: string }): UserDirectory {
  return {
    async contactsOf(organizationId, userIds) {
      const response = await fetch(new URL('/internal/contacts', url), {
        method: 'POST',
        headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ organizationId, userIds }),
        signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`The users subgraph answered ${response.status} when asked where people can be reached.`);
      }
      return (await response.json()) as Contact[];
    },
  };
}
