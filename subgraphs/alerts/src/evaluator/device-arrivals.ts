import { setTimeout as sleep } from 'node:timers/promises';
import type { RegistryProjection } from '@pulsegraph/kit/registry';

const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 20;
const FORGET_AFTER_MS = 60_000;

/**
 * The bridge may have heard of a new device before us. Its first reading may be the one that matters, so it waits a
 * moment for the registry; a device that does not arrive is not waited for again for a while.
 */
export class DeviceArrivals {
  private readonly givenUp = new Map<string, number>();

  constructor(private readonly registry: RegistryProjection) {}

  async wait(deviceIds: Iterable<string>): Promise<void> {
    let missing = [...deviceIds].filter((id) => !this.registry.device(id) && !this.isGivenUp(id));
    for (let waitedMs = 0; missing.length > 0 && waitedMs < PATIENCE_MS; waitedMs += LOOK_EVERY_MS) {
      await sleep(LOOK_EVERY_MS);
      missing = missing.filter((id) => !this.registry.device(id));
    }
    for (const id of missing) this.givenUp.set(id, performance.now());
  }

  private isGivenUp(id: string): boolean {
    const since = this.givenUp.get(id);
    if (since === undefined) return false;
    if (performance.now() - since < FORGET_AFTER_MS) return true;
    this.givenUp.delete(id);
    return false;
  }
}
