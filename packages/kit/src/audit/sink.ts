import type { AuditDelivery, AuditRecord } from '@pulsegraph/contracts';

/** Where the trail is kept: users, in this process or another. Resolves when all records are in it. */
export interface AuditSink {
  deliver(records: readonly AuditRecord[]): Promise<void>;
}

const DEADLINE_MS = 10_000;

/** @param usersUrl Base address of the users subgraph. */
export function httpAuditSink({ usersUrl, internalToken }: { usersUrl: string; internalToken: string }): AuditSink {
  return {
    async deliver(records) {
      const response = await fetch(new URL('/internal/audit', usersUrl), {
        method: 'POST',
        headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ records: [...records] } satisfies AuditDelivery),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      await response.arrayBuffer();
      if (response.status !== 204) throw new Error(`The audit trail answered ${response.status}.`);
    },
  };
}
