import { buildSubgraphSchema } from '@apollo/subgraph';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import { parse } from 'graphql';
import { SMALL_GRAPH, SMALL_SUBGRAPHS, type SmallSubgraph } from './small-graph.js';

/** Events for whoever listens at the moment. */
export class Broadcast<T> {
  private readonly listeners = new Set<(value: T) => void>();

  get listening(): number {
    return this.listeners.size;
  }

  publish(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  async *subscribe(): AsyncGenerator<T> {
    const queue: T[] = [];
    let wake: () => void = () => undefined;
    const listener = (value: T) => {
      queue.push(value);
      wake();
    };
    this.listeners.add(listener);
    try {
      for (;;) {
        while (queue.length > 0) yield queue.shift()!;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.listeners.delete(listener);
    }
  }
}

export interface Arrival {
  value: number;
}

/** What tests publish and take back later. */
const AHEAD: Partial<Record<SmallSubgraph, string>> = { devices: 'extend type Device { weightKg: Float }' };

/** The small graph with something behind it, in this process. It can do more than a gateway is told of. */
export function smallSubgraphs(arrivals: Broadcast<Arrival>): Record<string, Subgraph> {
  const device = (id: string) => ({ __typename: 'Device', id, name: `device ${id}`, serialNumber: `SN-${id}`, place: 'hall 1' });
  const resolvers: Record<SmallSubgraph, Record<string, unknown>> = {
    devices: {
      Query: { device: (_: unknown, { id }: { id: string }) => device(id), devices: () => [device('1'), device('2')] },
      Device: { __resolveReference: ({ id }: { id: string }) => device(id) },
    },
    telemetry: {
      Query: { readings: () => [{ value: 21.5, unit: 'Cel', quality: 'GOOD' }] },
      Device: { latest: () => [{ value: 21.5, unit: 'Cel', quality: 'GOOD' }] },
      Subscription: {
        readingAdded: {
          subscribe: () => arrivals.subscribe(),
          resolve: ({ value }: Arrival) => ({
            reading: { value, unit: 'Cel', quality: 'GOOD' },
            device: { __typename: 'Device', id: '1' },
          }),
        },
      },
    },
    alerts: { Device: { alerts: () => [] } },
    users: { Query: { me: () => ({ id: 'u1', name: 'Olga', email: 'olga@example.com' }) } },
  };
  return Object.fromEntries(
    SMALL_SUBGRAPHS.map((name) => [
      name,
      {
        name,
        schema: buildSubgraphSchema([
          { typeDefs: parse(`${SMALL_GRAPH[name]}\n${AHEAD[name] ?? ''}`), resolvers: resolvers[name] as never },
        ]),
        createContext: ({ requestId }: { requestId: string }) => ({ viewer: null, requestId }),
        checks: [],
        start: () => Promise.resolve(),
        stop: () => Promise.resolve(),
      },
    ]),
  );
}
