import DataLoader from 'dataloader';
import type { LatestRepository } from './latest.repository.js';
import type { Measurement } from './measurement.js';

const MAX_DEVICES_PER_STATEMENT = 2_000;

/** One per operation: a thousand devices with their latest are one statement. */
export function createLatestLoader(repository: LatestRepository, organizationId: string, requestId: string) {
  return new DataLoader<string, Measurement[]>(
    async (deviceIds) => {
      const byDevice = new Map<string, Measurement[]>(deviceIds.map((id) => [id, []]));
      for (const one of await repository.latest(organizationId, deviceIds, requestId)) byDevice.get(one.deviceId)!.push(one);
      return deviceIds.map((id) => byDevice.get(id)!);
    },
    { maxBatchSize: MAX_DEVICES_PER_STATEMENT },
  );
}

export type LatestLoader = ReturnType<typeof createLatestLoader>;
