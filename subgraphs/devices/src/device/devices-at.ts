import { toConnection } from '@pulsegraph/kit/pagination';
import type { DeviceConnection } from '../connection/connection.type.js';
import { pageOf, placeOf, type PageArguments } from '../connection/keyset.js';
import type { Loaders } from '../loaders.js';
import type { Device } from './device.entity.js';

/** `Asset.devices` and `Patient.devices`: those now assigned to it, by name. */
export async function devicesAt(
  loaders: Loaders,
  target: 'asset_id' | 'patient_id',
  id: string,
  args: PageArguments,
  defaultFirst: number,
): Promise<DeviceConnection> {
  const page = pageOf(args, defaultFirst);
  const place = placeOf(page, 'string');
  const listed = await loaders.devicesAt(target, id, place && { name: place.sort, id: place.id }, page.first + 1);
  const devices = await Promise.all(listed.map((row) => loaders.device.load(row.id)));
  const rows = devices.filter((device): device is Device => device !== null);
  return { ...toConnection(rows, page, (device) => [device.name, device.id]), count: () => loaders.countDevicesAt(target, id) };
}
