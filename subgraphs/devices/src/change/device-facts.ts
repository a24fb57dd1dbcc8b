import type { Connectivity } from '@pulsegraph/contracts';
import type { DeviceLifecycle, Label } from '../device/device.entity.js';
import type { Sql } from './sql.js';

/** What filters look at, as it was when a change was committed. Nothing personal. */
export interface DeviceFacts {
  key: string;
  name: string;
  profileId: string;
  labels: Label[];
  lifecycle: DeviceLifecycle;
  connectivity: Connectivity;
  /** The asset and everything above it, nearest first. */
  assetPath: string[];
  patientId: string | null;
}

/** A devices.device row `d` with its presence `p` → jsonb of DeviceFacts. */
export const FACTS_OF_DEVICE = `
  jsonb_build_object(
    'key', d.key, 'name', d.name, 'profileId', d.profile_id, 'labels', d.labels, 'lifecycle', d.lifecycle,
    'connectivity', p.connectivity,
    'assetPath', to_jsonb(devices.asset_path((select asset_id from devices.assignment where device_id = d.id and kind = 'ASSET' and to_at is null))),
    'patientId', (select patient_id from devices.assignment where device_id = d.id and kind = 'PATIENT' and to_at is null)
  )`;

/** Facts of the devices that people can see already. */
export async function factsOf(sql: Sql, deviceIds: readonly string[]): Promise<Map<string, DeviceFacts>> {
  if (deviceIds.length === 0) return new Map();
  const rows = await sql<{ id: string; facts: DeviceFacts }>(
    `select d.id, ${FACTS_OF_DEVICE} as facts
     from devices.device d join devices.device_presence p on p.device_id = d.id
     where d.id = any($1::uuid[]) and d.accepted_at is not null`,
    [deviceIds],
  );
  return new Map(rows.map(({ id, facts }) => [id, facts]));
}
