import { Cursor } from '@pulsegraph/kit/scalars';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Directive, FieldResolver, Int, Resolver, Root, Subscription } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import type { Measurement } from '../reading/measurement.js';
import { Reading } from '../reading/reading.type.js';
import { ReadingFilter, ReadingsEvent } from './readings.type.js';
import type { ReadingEvent } from './subscriber.js';

const DESCRIPTION = `Stored readings as they arrive. With \`after\`, first everything stored since that cursor, then live:
every reading once, in commit order per device and metric. A cursor older than the replay window fails
with CURSOR_EXPIRED. \`maxRate\` (events per second) keeps only the newest reading per device and metric
in each interval. A client too slow for the stream gets the newest per key, and the number it missed in
the payload's \`extensions.delivery.skipped\`.`;

interface ReadingsArguments {
  filter: ReadingFilter;
  after?: string | null;
  maxRate?: number | null;
}

@Resolver(() => ReadingsEvent)
export class ReadingsResolver {
  @Requires('graph:read')
  @Directive('@resume(argument: "after", cursor: "cursor")')
  @Directive('@delivery(policy: LATEST_BY_KEY, key: "readings.deviceId readings.metric")')
  @Subscription(() => ReadingsEvent, {
    name: 'readings',
    description: DESCRIPTION,
    // async, so that a refusal becomes the operation's error and not a thrown exception in the transport.
    subscribe: async ({ args, context }) => {
      const { viewer, readingStream } = context as TelemetryContext;
      const { filter, after, maxRate } = args as ReadingsArguments;
      return readingStream.subscribe(requireViewer(viewer), filter, after, maxRate);
    },
  })
  stored(
    @Root() event: ReadingEvent,
    @Arg('filter', () => ReadingFilter) filter: ReadingFilter,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('maxRate', () => Int, { nullable: true }) maxRate: number | null | undefined,
  ): ReadingsEvent {
    // Arguments of the schema; `subscribe` has used them.
    void [filter, after, maxRate];
    return event as unknown as ReadingsEvent;
  }

  @FieldResolver(() => Cursor)
  cursor(@Root() { place }: ReadingEvent, @Ctx() { viewer, readingStream }: TelemetryContext): string {
    return readingStream.cursorOf(viewer!.organizationId, place);
  }

  @FieldResolver(() => [Reading])
  readings(@Root() { devices }: ReadingEvent): Reading[] {
    const measurements: Measurement[] = [];
    for (const { deviceId, deviceKey, receivedAtUs, readings } of devices) {
      for (const reading of readings) measurements.push({ deviceId, deviceKey, receivedAtUs, reading });
    }
    return measurements as unknown as Reading[];
  }
}
