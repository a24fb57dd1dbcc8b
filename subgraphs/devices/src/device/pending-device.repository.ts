import { registryEntry, type RegistryDraft } from '../registry/registry-entries.js';
import type { Sql } from '../change/sql.js';

interface GoneRow {
  kind: 'device' | 'assignment' | 'credential';
  id: string;
  organization_id: string;
}

/**
 * Takes back registrations that no MQTT edge accepted: nobody has seen the device, so its key is free again.
 * @param which A condition over `d`; only devices that are still waiting are touched.
 * @returns What the registry feed must say is gone.
 */
export async function removePendingDevices(sql: Sql, which: string, values: readonly unknown[]): Promise<RegistryDraft[]> {
  const rows = await sql<GoneRow>(
    `with pending as (
       select d.id, d.organization_id from devices.device d where d.accepted_at is null and ${which} for update
     ), assignments as (
       delete from devices.assignment where device_id in (select id from pending) returning 'assignment' as kind, id, organization_id
     ), credentials as (
       delete from devices.credential where device_id in (select id from pending) returning 'credential' as kind, id, organization_id
     ), presences as (
       delete from devices.device_presence where device_id in (select id from pending)
     )
     select * from assignments union all select * from credentials union all select 'device', id, organization_id from pending`,
    values,
  );
  const deviceIds = rows.filter(({ kind }) => kind === 'device').map(({ id }) => id);
  await sql('delete from devices.device where id = any($1::uuid[]) and accepted_at is null', [deviceIds]);
  return rows.flatMap(({ kind, id, organization_id }) => [
    registryEntry.gone(kind, id, organization_id),
    ...(kind === 'device' ? [registryEntry.gone('connectivity', id, organization_id)] : []),
  ]);
}
