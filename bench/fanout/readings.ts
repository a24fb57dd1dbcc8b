import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import { parse } from 'graphql';

export const SUBSCRIPTION = 'subscription Live { readings { cursor readings { deviceId metric value unit recordedAt } } }';

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
    @link(url: "https://pulsegraph.dev/live/v1.0", import: ["@delivery", "@resume"])
    @composeDirective(name: "@delivery") @composeDirective(name: "@resume")
  directive @delivery(policy: DeliveryPolicy!, key: String, bound: Int) on FIELD_DEFINITION
  enum DeliveryPolicy { KEEP_ALL LATEST_BY_KEY }
  directive @resume(argument: String!, cursor: String!) on FIELD_DEFINITION
  scalar Cursor
  type Query { acceptedTotal: Int! }
  type Subscription {
    readings(after: Cursor): ReadingsEvent!
      @delivery(policy: LATEST_BY_KEY, key: "readings.deviceId readings.metric") @resume(argument: "after", cursor: "cursor")
  }
  type ReadingsEvent { cursor: Cursor! readings: [Reading!]! }
  type Reading { deviceId: ID! metric: String! value: Float! unit: String! recordedAt: String! pad: String }
`;

export interface Reading {
  deviceId: string;
  metric: string;
  value: number;
  unit: string;
  recordedAt: string;
  pad?: string;
}

export interface ReadingsEvent {
  cursor: string;
  readings: Reading[];
}

/** The n-th event of the fan-out: one reading; as long as any other, so that bytes tell messages. */
export function anEvent(n: number): ReadingsEvent {
  const number = String(n % 1_000_000).padStart(6, '0');
  const recordedAt = `2026-11-20T12:00:00.${number.slice(3)}Z`;
  return {
    cursor: `cursor-of-event-${number}`,
    readings: [
      { deviceId: '0b7a4f0e-6f0e-4c6b-8a52-30d0f1a4c201', metric: 'temperature', value: 100_001 + n * 2, unit: 'Cel', recordedAt },
    ],
  };
}

const ANY_ID = '00000000-0000-4000-8000-000000000000';

/** The message that every one of the servers has to send for an event, but for the id of the operation. */
export const messageOf = (event: ReadingsEvent) =>
  `{"id":"${ANY_ID}","type":"next","payload":${JSON.stringify({ data: { readings: event } })}}`;
export const withAnyId = (message: string) => message.replace(/^\{"id":"[0-9a-f-]{36}"/, `{"id":"${ANY_ID}"`);

/** A stream with many readers; each gets every event from the moment it comes. */
export class Readings {
  private readonly readers = new Set<Reader>();

  get open(): number {
    return this.readers.size;
  }

  publish(event: ReadingsEvent): void {
    for (const reader of this.readers) reader.push(event);
  }

  subscribe(): AsyncIterableIterator<{ readings: ReadingsEvent }> {
    const reader = new Reader(() => this.readers.delete(reader));
    this.readers.add(reader);
    return reader;
  }
}

type Result = IteratorResult<{ readings: ReadingsEvent }>;

class Reader implements AsyncIterableIterator<{ readings: ReadingsEvent }> {
  private readonly queue: ReadingsEvent[] = [];
  private waiting: ((result: Result) => void) | undefined;

  constructor(private readonly onReturn: () => void) {}

  push(event: ReadingsEvent): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting) waiting({ value: { readings: event }, done: false });
    else this.queue.push(event);
  }

  next(): Promise<Result> {
    const event = this.queue.shift();
    if (event) return Promise.resolve({ value: { readings: event }, done: false });
    return new Promise((resolve) => (this.waiting = resolve));
  }

  return(): Promise<Result> {
    this.onReturn();
    const end: Result = { value: undefined, done: true };
    this.waiting?.(end);
    return Promise.resolve(end);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

export function readingsSubgraph(readings: Readings): Subgraph {
  const resolvers = { Query: { acceptedTotal: () => 0 }, Subscription: { readings: { subscribe: () => readings.subscribe() } } };
  return {
    name: 'telemetry',
    schema: buildSubgraphSchema([{ typeDefs: parse(SDL), resolvers: resolvers as never }]),
    createContext: ({ requestId }) => ({ viewer: null, requestId }),
    checks: [],
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

export function readingsSupergraph(): string {
  const { supergraphSdl, errors } = composeServices([{ name: 'telemetry', url: 'http://telemetry.invalid/', typeDefs: parse(SDL) }]);
  if (!supergraphSdl) throw new Error(errors!.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
