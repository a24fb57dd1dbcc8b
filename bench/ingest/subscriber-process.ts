// Live subscribers in a process of their own, so that their CPU is not counted with the platform's.
import { connect, openStream, type LiveStream } from '../../e2e/client/graphql-client.js';
import { serveWorker } from '../worker/worker.js';

export interface SubscriberJob {
  url: string;
  /** One that does not expire during a long run. */
  apiKey: string;
  /** Of each subscriber. */
  deviceIds: string[][];
}

export interface SubscriberTally {
  subscribers: number;
  events: number;
  readings: number;
  faults: string[];
}

interface Event {
  readings: { readings: object[] };
}

const LIVE = `subscription ($ids: [ID!]) { readings(filter: { deviceIds: $ids }) { cursor readings { metric value recordedAt device { name } } } }`;

let streams: LiveStream<Event>[] = [];
let [events, readings] = [0, 0];

serveWorker({
  open({ url, apiKey, deviceIds }: SubscriberJob) {
    streams = deviceIds.map((ids) => {
      const stream = openStream<Event>(connect(url, apiKey), LIVE, { ids });
      // Counted as they arrive; the list itself is not kept.
      stream.received.push = (...arrived: Event[]) => {
        events += arrived.length;
        for (const event of arrived) readings += event.readings.readings.length;
        return 0;
      };
      return stream;
    });
  },
  tally: (): SubscriberTally => ({
    subscribers: streams.length,
    events,
    readings,
    faults: streams.flatMap(({ faults }) => faults.map(({ message }) => message)).slice(0, 5),
  }),
});
