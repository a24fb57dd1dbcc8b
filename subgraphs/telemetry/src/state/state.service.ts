import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { MAX_SPANS, type StateRepository } from './state.repository.js';

/** Words over time: how long a machine ran, stood, waited. */
export class StateService {
  constructor(
    private readonly repository: StateRepository,
    private readonly projection: RegistryProjection,
  ) {}

  /** Spans cut to [from, to); the last one has no end while its state lasts. @throws BAD_USER_INPUT for numbers. */
  async read({ organizationId }: Viewer, deviceId: string, metric: string, from: Date, to: Date, requestId: string) {
    if (from >= to) throw errors.badUserInput('from', 'must lie before to');
    const numbers = () => errors.badUserInput('metric', 'has numbers for values; see series');
    const device = this.projection.device(deviceId);
    if (device && this.projection.metric(device, metric)?.kind === 'NUMBER') throw numbers();
    const found = await this.repository.read(organizationId, deviceId, metric, from, to, requestId);
    if (!found) return [];
    if (found.kind === 'NUMBER') throw numbers();
    const { changes, endsAfter } = found;
    if (changes.length > MAX_SPANS) throw errors.badUserInput('from', `must lie closer to to: there are more than ${MAX_SPANS} spans`);
    return changes.map(({ state, atMs }, index) => {
      const next = changes[index + 1];
      return { state, from: new Date(Math.max(atMs, from.getTime())), to: next ? new Date(next.atMs) : endsAfter ? to : null };
    });
  }
}
