import { randomUUID } from 'node:crypto';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import { rulesOfProfile } from './profile-rules.js';

/**
 * Makes the PROFILE rules what the profiles say now. Rules that somebody edited or deleted stay as they are. Safe to
 * repeat and to run in several places at once: a profile and key name one rule.
 * @returns Whether anything changed.
 */
export async function syncProfileRules(pool: Pool, registry: RegistryProjection): Promise<boolean> {
  const wanted = [...registry.organizations()].flatMap(({ id: organizationId }) =>
    [...registry.profilesOf(organizationId)].flatMap((profile) =>
      rulesOfProfile(profile).map(({ sourceKey, name, severity, condition }) => ({
        id: randomUUID(),
        organization_id: organizationId,
        name,
        severity,
        condition,
        target: { deviceIds: null, profileId: profile.id, assetId: null, labels: null },
        source_profile_id: profile.id,
        source_key: sourceKey,
      })),
    ),
  );
  const { rowCount: written } = await pool.query(
    `insert into alert_rule (id, organization_id, name, enabled, origin, target, condition, severity, version, revision,
                             source_profile_id, source_key, created_at, updated_at)
     select id, organization_id, name, true, 'PROFILE', target, condition, severity, 1, 0, source_profile_id, source_key, now(), now()
     from jsonb_to_recordset($1) as w(id uuid, organization_id uuid, name text, severity text, condition jsonb, target jsonb,
       source_profile_id uuid, source_key text)
     where not exists (
       select from alert_rule r where r.source_profile_id = w.source_profile_id and r.source_key = w.source_key
         and (r.origin <> 'PROFILE' or r.deleted_by_user or (r.deleted_at is null and r.name = w.name and r.condition = w.condition)))
     order by source_profile_id, source_key
     on conflict on constraint alert_rule_source_key do update set
       name = excluded.name, condition = excluded.condition, version = alert_rule.version + 1, updated_at = excluded.updated_at, deleted_at = null
     where alert_rule.origin = 'PROFILE' and not alert_rule.deleted_by_user`,
    [JSON.stringify(wanted)],
  );
  const { rowCount: removed } = await pool.query(
    `update alert_rule r set deleted_at = now(), version = version + 1, updated_at = now()
     where r.origin = 'PROFILE' and r.deleted_at is null and not exists (
       select from jsonb_to_recordset($1) as w(source_profile_id uuid, source_key text)
       where w.source_profile_id = r.source_profile_id and w.source_key = r.source_key)`,
    [JSON.stringify(wanted)],
  );
  return (written ?? 0) + (removed ?? 0) > 0;
}
