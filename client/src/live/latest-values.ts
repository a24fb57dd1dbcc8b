import { inject, Injectable } from '@angular/core';
import { Graph } from '../core/graph';
import type { LiveStore } from './live-store';
import { LatestValuesDocument } from './readings.generated';

/**
 * The newest value of every metric, to show before the first one arrives live. Asked for on its own: with telemetry away,
 * devices keep their names and states.
 */
@Injectable({ providedIn: 'root' })
export class LatestValues {
  private readonly graph = inject(Graph);

  /** @param deviceIds At most 1000. */
  async fill(store: LiveStore, deviceIds: readonly string[]): Promise<void> {
    if (deviceIds.length === 0) return;
    const { data } = await this.graph.query(LatestValuesDocument, { ids: [...deviceIds], first: deviceIds.length });
    for (const { id, latest } of data.devices.nodes) store.take(latest.map((reading) => ({ ...reading, deviceId: id })));
  }
}
