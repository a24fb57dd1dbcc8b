import type { RegistryChange, RegistryFeedPage } from '@pulsegraph/contracts';
import { requireInternalToken } from '@pulsegraph/kit/http';
import type { RegistrySource } from '@pulsegraph/kit/registry';
import { Router } from 'express';
import type { Pool } from 'pg';

interface Row {
  head: string;
  revision: string | null;
  kind: RegistryChange['kind'];
  entry_id: string;
  organization_id: string;
  value: RegistryChange['value'];
}

/** Answers where the feed stands and what is newer than `since`; everything there is, when `since` is 0 or not ours. */
export function createRegistrySource(pool: Pool): RegistrySource {
  return {
    async fetch(since: number): Promise<RegistryFeedPage> {
      // One statement is one snapshot: revisions grow in commit order, so nothing up to `head` is missing from it.
      const { rows } = await pool.query<Row>(
        `with head as (select coalesce(max(revision), 0) as revision from devices.registry_change),
              known as (select case when $1 <= head.revision then $1::bigint else 0 end as since from head)
         select head.revision as head, c.* from head cross join known
         left join devices.registry_change c on c.revision > known.since and (known.since > 0 or c.value is not null)
         order by c.revision`,
        [since],
      );
      const head = Number(rows[0]!.head);
      const changes = rows.flatMap(({ revision, kind, entry_id, organization_id, value }) =>
        revision === null
          ? []
          : [{ revision: Number(revision), kind, id: entry_id, organizationId: organization_id, value } as RegistryChange],
      );
      // Ahead of us: the database was restored, or is another one. Only the whole can be right.
      return { revision: head, snapshot: since === 0 || since > head, changes };
    },
  };
}

/** `GET /internal/registry?since=REVISION`, for the other processes. */
export function registryRoutes(source: RegistrySource, internalToken: string): Router {
  const router = Router();
  router.get('/internal/registry', requireInternalToken(internalToken), async (request, response) => {
    const since = Number(request.query.since ?? 0);
    if (!Number.isSafeInteger(since) || since < 0) {
      response.status(400).json({ error: 'since must be a revision: a whole number, 0 for everything' });
      return;
    }
    response.json(await source.fetch(since));
  });
  return router;
}
